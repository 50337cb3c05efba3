import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Opened, openFolder } from '../../oracle/folder.ts';

/** The recordings of version 1 that every later version must open. `node scripts/golden.mjs` makes others; these stay as they are. */
export const goldenFolder = path.resolve(
  process.env.SALLYPORT_GOLDEN ?? path.join(import.meta.dirname, '../../fixtures/recordings-v1'),
);
export const goldenNames = ['whole', 'crashed', 'best-effort'] as const;
export type GoldenName = (typeof goldenNames)[number];

export type GoldenIdentities = Record<'output' | 'input' | 'text', string>;

/** What is known of each, in `expected.json`. */
export interface Expected {
  outputBytes: number;
  outputSha256: string;
  inputBytes: number;
  inputSha256: string;
  /** Events of each code, journal included. */
  events: Record<string, number>;
  lastMs: number;
  segments: Record<string, number>;
  keyframes: number;
  anchors: number;
  receipts: number;
  /** Wire heads of receipts, and whether the wire was opened and is the recording's. */
  heads: number;
  wire: boolean;
  /** Output bytes that the journal alone has. */
  beyond: number;
  /** Changes of the journal's keys. */
  epochs: number;
  end: string | null;
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export function summaryOf(opened: Opened): Expected {
  const { output, input, manifest, events, evidence, keyframes, epochs, beyond } = opened;
  const all = [...events.output, ...events.input];
  const counted = (list: string[]) =>
    Object.fromEntries([...new Set(list)].sort().map((key) => [key, list.filter((each) => each === key).length]));
  return {
    outputBytes: output.length,
    outputSha256: sha256(output),
    inputBytes: input.length,
    inputSha256: sha256(input),
    events: counted(all.map(({ code }) => code)),
    lastMs: Math.max(...all.map(({ atMs }) => atMs)),
    segments: counted(manifest.segments.map(({ stream }) => stream)),
    keyframes,
    anchors: evidence.opened,
    receipts: evidence.receipts,
    heads: evidence.heads,
    wire: evidence.wire !== null,
    beyond: beyond.output,
    epochs,
    end: manifest.end?.kind ?? null,
  };
}

export function readGolden(name: GoldenName) {
  const folder = path.join(goldenFolder, name);
  const json = (file: string) => JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
  const identities: GoldenIdentities = json('identities.json');
  const expected: Expected = json('expected.json');
  const { serverKey }: { serverKey: string } = json('keys.json');
  return { folder, identities, expected, serverKey };
}

const kept = /^(manifest|manifest\.sig|grant\.json|keys\.json|receipts\.json|\d{6}\..+|wire\..+)$/;

/** Copies what belongs to a recording into the golden folder, with its keys, and writes what the second decoder finds in it. */
export async function keepGolden(
  name: GoldenName,
  from: string,
  facts: { identities: GoldenIdentities; serverKey: string; journal: boolean },
): Promise<void> {
  const to = path.join(goldenFolder, name);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const names = readdirSync(from).filter((file) => kept.test(file) || (facts.journal && file === 'journal'));
  for (const file of names) cpSync(path.join(from, file), path.join(to, file));
  const write = (file: string, value: unknown) =>
    writeFileSync(path.join(to, file), `${JSON.stringify(value, null, 2)}\n`);
  if (!existsSync(path.join(to, 'keys.json'))) write('keys.json', { serverKey: facts.serverKey });
  write('identities.json', facts.identities);
  write('expected.json', summaryOf(await openFolder(to, facts.identities, facts.serverKey)));
}
