import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What a corpus file makes happen, in order. */
export type Step =
  | { kind: 'output'; data: Buffer }
  | { kind: 'input'; data: Buffer }
  | { kind: 'resize'; cols: number; rows: number };

export interface CorpusFile {
  name: string;
  size: { cols: number; rows: number };
  steps: Step[];
}

/** asciicast v1 (docs.asciinema.org/manual/asciicast/v1): one JSON object. */
const versionOne = z.object({
  version: z.literal(1),
  width: z.number(),
  height: z.number(),
  stdout: z.array(z.tuple([z.number(), z.string()])),
});
/** v2 and v3: a header line; sizes are at its top in v2, in `term` in v3. */
const header = z.object({
  version: z.union([z.literal(2), z.literal(3)]),
  width: z.number().optional(),
  height: z.number().optional(),
  term: z.object({ cols: z.number(), rows: z.number() }).partial().optional(),
});
const eventLine = z.tuple([z.number(), z.string(), z.string()]).rest(z.unknown());
/** Events of one recording as one JSON object. */
const eventList = z.object({
  cols: z.number(),
  rows: z.number(),
  ev: z.array(z.tuple([z.number(), z.string(), z.string()])),
});

function stepOf(code: string, data: string): Step[] {
  if (code === 'o') return [{ kind: 'output', data: Buffer.from(data, 'utf8') }];
  if (code === 'i') return [{ kind: 'input', data: Buffer.from(data, 'utf8') }];
  const [, cols, rows] = code === 'r' ? (/^(\d+)x(\d+)$/.exec(data) ?? []) : [];
  return cols === undefined ? [] : [{ kind: 'resize', cols: Number(cols), rows: Number(rows) }];
}

function parseLines(name: string, text: string): CorpusFile {
  const [first = '', ...lines] = text.split('\n');
  const { width, height, term } = header.parse(JSON.parse(first));
  const events = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => eventLine.parse(JSON.parse(line)));
  return {
    name,
    size: { cols: width ?? term?.cols ?? 80, rows: height ?? term?.rows ?? 24 },
    steps: events.flatMap(([, code, data]) => stepOf(code, data)),
  };
}

function parseJson(name: string, value: unknown): CorpusFile {
  const one = versionOne.safeParse(value);
  if (one.success) {
    const { width, height, stdout } = one.data;
    return { name, size: { cols: width, rows: height }, steps: stdout.flatMap(([, data]) => stepOf('o', data)) };
  }
  const { cols, rows, ev } = eventList.parse(value);
  return { name, size: { cols, rows }, steps: ev.flatMap(([, code, data]) => stepOf(code, data)) };
}

/** Raw bytes in pieces of odd sizes, so that characters and sequences are cut. */
function parseBytes(name: string, bytes: Buffer): CorpusFile {
  const steps: Step[] = [];
  for (let at = 0; at < bytes.length; at += 1021) steps.push({ kind: 'output', data: bytes.subarray(at, at + 1021) });
  return { name, size: { cols: 80, rows: 24 }, steps };
}

/** Every file of a folder: asciicasts of any version, and bytes of a terminal. SOURCES.tsv says where they come from. Throws on an asciicast that is none. */
export function readCorpus(folder: string): CorpusFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'SOURCES.tsv')
    .map(({ name }) => {
      const bytes = readFileSync(join(folder, name));
      if (name.endsWith('.cast')) return parseLines(name, bytes.toString('utf8'));
      return name.endsWith('.json') ? parseJson(name, JSON.parse(bytes.toString('utf8'))) : parseBytes(name, bytes);
    });
}
