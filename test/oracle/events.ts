import { zstdDecompressSync } from 'node:zlib';
import { Decrypter } from 'age-encryption';
import { must } from './bytes.ts';

export interface Event {
  atMs: number;
  code: string;
  data: Buffer;
}

export async function unseal(file: Uint8Array, identity: string): Promise<Buffer> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return Buffer.from(await decrypter.decrypt(file));
}

/** The text of a stored segment: age, then one zstd frame. */
export async function segmentText(file: Uint8Array, identity: string): Promise<string> {
  return zstdDecompressSync(await unseal(file, identity), { maxOutputLength: 4_194_304 }).toString('utf8');
}

/** A code point from U+10FE00 to U+10FEFF is one byte, every other is its UTF-8. */
export function bytesOf(text: string): Buffer {
  if (!/[\u{10fe00}-\u{10feff}]/u.test(text)) return Buffer.from(text, 'utf8');
  const parts = text.split(/([\u{10fe00}-\u{10feff}])/u).map((part, at) => {
    return at % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.from([(part.codePointAt(0) ?? 0) - 0x10fe00]);
  });
  return Buffer.concat(parts);
}

export interface SegmentHead {
  segment: number;
  stream: string;
  session: string;
  atMs: number;
  offset: number;
}

export interface Segment {
  /** The asciicast header of a first segment. */
  header: { version: number; term: { cols: number; rows: number } } | null;
  /** The comment of a later one, and its keyframe. */
  head: SegmentHead | null;
  keyframe: { cols: number; rows: number; init: string } | null;
  events: Event[];
}

export function readSegment(text: string): Segment {
  const segment: Segment = { header: null, head: null, keyframe: null, events: [] };
  let atMs = 0;
  must(text.endsWith('\n'), 'a segment does not end with a line feed');
  for (const line of text.slice(0, -1).split('\n')) {
    if (line.startsWith('# {')) {
      const head: SegmentHead = JSON.parse(line.slice(2));
      segment.head = head;
      atMs = head.atMs;
    } else if (line.startsWith('# kf ')) {
      segment.keyframe = JSON.parse(line.slice(5));
    } else if (line.startsWith('{')) {
      segment.header = JSON.parse(line);
    } else if (!line.startsWith('#')) {
      const match = /^\[(\d+)\.(\d{3}),/.exec(line);
      must(match !== null, 'an interval without its three decimals');
      atMs += Number(match[1]) * 1000 + Number(match[2]);
      const [, code, data] = JSON.parse(line) as [number, string, string];
      must(typeof data === 'string' && /^[oirmx]$/.test(code), 'not an event');
      if (code === 'r') mustBeSize(data);
      segment.events.push({ atMs, code, data: code === 'o' || code === 'i' ? bytesOf(data) : Buffer.from(data) });
    }
  }
  must((segment.header === null) !== (segment.head === null), 'a segment with two beginnings, or none');
  return segment;
}

function mustBeSize(data: string): void {
  const [, cols, rows] = /^(\d+)x(\d+)$/.exec(data) ?? [];
  must(cols === undefined || (Number(cols) <= 1000 && Number(rows) <= 500), 'a size that no terminal has');
}

/** The raw bytes of a stream. */
export function raw(events: Event[], code: 'o' | 'i'): Buffer {
  return Buffer.concat(events.filter((event) => event.code === code).map((event) => event.data));
}

/** The output that came from the target's channel: without the bytes that markers with `bytes` announced. */
export function fromChannel(events: Event[]): Buffer {
  const parts: Buffer[] = [];
  let [foreign, all, begun] = [0, 0, false];
  for (const { code, data } of events) {
    const more = code === 'm' && !begun ? announced(data.toString('utf8')) : 0;
    if (all + more <= 65_536) [foreign, all] = [foreign + more, all + more];
    if (code !== 'o') continue;
    begun ||= foreign < data.length;
    parts.push(data.subarray(Math.min(foreign, data.length)));
    foreign -= Math.min(foreign, data.length);
  }
  return Buffer.concat(parts);
}

function announced(marker: string): number {
  try {
    const { kind, bytes } = JSON.parse(marker) as { kind?: string; bytes?: number };
    return kind === 'banner' ? (bytes ?? 0) : 0;
  } catch {
    return 0;
  }
}

/** Checks the form of a text segment; returns its lines and commands. */
export function readText(text: string, session: string, segment: number): string[] {
  must(text.endsWith('\n'), 'a text does not end with a line feed');
  const [first = '', ...lines] = text.slice(0, -1).split('\n');
  must(first === JSON.stringify({ 'sallyport-text': 1, session, segment }), 'a text of another segment');
  let before = 0;
  return lines.flatMap((line) => {
    const entry = JSON.parse(line) as { t: number; line?: string; command?: string; status?: number; gap?: string };
    const kinds = [entry.line, entry.command, entry.status, entry.gap].filter((each) => each !== undefined);
    must(kinds.length === 1 && entry.t >= before, 'an entry of a text that has no known form');
    before = entry.t;
    return [entry.line, entry.command].filter((each) => each !== undefined);
  });
}
