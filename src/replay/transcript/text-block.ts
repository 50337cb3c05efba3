import type { TranscriptLine } from '../../shared/protocol/replay.ts';

/** Lines of a transcript, packed: per line a time, its kind and its end in the text of all, which has a line feed after each. */
export interface TextBlock {
  times: Float64Array;
  kinds: Uint8Array;
  /** In UTF-16 units, the line feed not counted. */
  ends: Uint32Array;
  text: string;
}

const kinds = ['line', 'command', 'gap'] as const;
const alternateBit = 4;
const perLine = 13;

export function packLines(lines: readonly TranscriptLine[]): TextBlock {
  const block: TextBlock = {
    times: new Float64Array(lines.length),
    kinds: new Uint8Array(lines.length),
    ends: new Uint32Array(lines.length),
    text: lines.map(({ text }) => `${text}\n`).join(''),
  };
  let end = 0;
  for (const [index, line] of lines.entries()) {
    end += line.text.length;
    block.times[index] = line.atMs;
    block.kinds[index] = kinds.indexOf(line.kind) | (line.alternate ? alternateBit : 0);
    block.ends[index] = end;
    end += 1;
  }
  return block;
}

/** Where line `index` is in the block's text: [from, to). */
export function placeOf(block: TextBlock, index: number): [number, number] {
  return [index === 0 ? 0 : (block.ends[index - 1] ?? 0) + 1, block.ends[index] ?? 0];
}

/** Line `index`, or null where there is none. */
export function lineAt(block: TextBlock, index: number): TranscriptLine | null {
  const bits = block.kinds[index];
  if (bits === undefined) return null;
  const [from, to] = placeOf(block, index);
  return {
    atMs: block.times[index] ?? 0,
    kind: kinds[bits & 3] ?? 'line',
    text: block.text.slice(from, to),
    alternate: (bits & alternateBit) !== 0,
  };
}

/** The line that holds place `at` of the block's text. */
export function lineHolding(block: TextBlock, at: number): number {
  let low = 0;
  let high = block.ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((block.ends[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bytes that a block takes in memory, at most. */
export function textBlockBytes(block: TextBlock): number {
  return block.text.length * 2 + block.times.length * perLine;
}

/** The block as bytes: how many lines, their times, ends and kinds, then the text as UTF-8. Only this process reads them. */
export function blockToBytes(block: TextBlock): Buffer {
  const count = Buffer.alloc(8);
  count.writeUInt32LE(block.times.length);
  const raw = (array: Float64Array | Uint32Array | Uint8Array) =>
    Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return Buffer.concat([count, raw(block.times), raw(block.ends), raw(block.kinds), Buffer.from(block.text, 'utf8')]);
}

/** The reverse of `blockToBytes`. */
export function blockOfBytes(bytes: Uint8Array): TextBlock {
  // In memory of its own, where numbers lie as they must.
  const whole = new Uint8Array(bytes).buffer;
  const lines = new DataView(whole).getUint32(0, true);
  let at = 8;
  const times = new Float64Array(whole, at, lines);
  at += times.byteLength;
  const ends = new Uint32Array(whole, at, lines);
  at += ends.byteLength;
  const kindsOf = new Uint8Array(whole, at, lines);
  at += kindsOf.byteLength;
  return {
    times: times.slice(),
    ends: ends.slice(),
    kinds: kindsOf.slice(),
    text: Buffer.from(whole, at).toString('utf8'),
  };
}
