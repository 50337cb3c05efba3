import type { TranscriptLine } from '../../shared/protocol/replay.ts';

/** Lines of a transcript, packed: per line two times, its kind and its end in the text of all, which has a line feed after each. */
export interface TextBlock {
  times: Float64Array;
  /** How much later than `times` it was seen. */
  seen: Float64Array;
  kinds: Uint8Array;
  /** In UTF-16 units, the line feed not counted. */
  ends: Uint32Array;
  text: string;
}

const kinds = ['line', 'command', 'gap'] as const;
const alternateBit = 4;
const perLine = 21;

export function packLines(lines: readonly TranscriptLine[]): TextBlock {
  const block: TextBlock = {
    times: new Float64Array(lines.length),
    seen: new Float64Array(lines.length),
    kinds: new Uint8Array(lines.length),
    ends: new Uint32Array(lines.length),
    text: lines.map(({ text }) => `${text}\n`).join(''),
  };
  let end = 0;
  for (const [index, line] of lines.entries()) {
    end += line.text.length;
    block.times[index] = line.atMs;
    block.seen[index] = (line.seenMs ?? line.atMs) - line.atMs;
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
  const atMs = block.times[index] ?? 0;
  const later = block.seen[index] ?? 0;
  return {
    atMs,
    ...(later === 0 ? {} : { seenMs: atMs + later }),
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

/**
 * The block as bytes that compress well: how many lines, the time of the first, then per line how much later it is than the one before, how much later it was seen, how long it is, kinds, and
 * the text as UTF-8. Only this process reads them.
 */
export function blockToBytes({ times, seen, ends, kinds: bits, text }: TextBlock): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(times.length);
  head.writeDoubleLE(times[0] ?? 0, 8);
  const later = new Float64Array(times.length);
  const lengths = new Uint32Array(times.length);
  for (let index = 1; index < times.length; index += 1) later[index] = (times[index] ?? 0) - (times[index - 1] ?? 0);
  for (let index = 0; index < ends.length; index += 1)
    lengths[index] = (ends[index] ?? 0) - (index === 0 ? 0 : (ends[index - 1] ?? 0) + 1);
  const raw = (array: Float64Array | Uint32Array) => Buffer.from(array.buffer);
  return Buffer.concat([head, raw(later), raw(seen), raw(lengths), bits, Buffer.from(text, 'utf8')]);
}

/** The reverse of `blockToBytes`. */
export function blockOfBytes(bytes: Uint8Array): TextBlock {
  // In memory of its own, where numbers lie as they must.
  const whole = new Uint8Array(bytes).buffer;
  const head = new DataView(whole);
  const lines = head.getUint32(0, true);
  const later = new Float64Array(whole, 16, lines);
  const seen = new Float64Array(whole, 16 + lines * 8, lines).slice();
  const lengths = new Uint32Array(whole, 16 + lines * 16, lines);
  const bits = new Uint8Array(whole, 16 + lines * 20, lines);
  const times = new Float64Array(lines);
  const ends = new Uint32Array(lines);
  let time = head.getFloat64(8, true);
  let end = -1;
  for (let index = 0; index < lines; index += 1) {
    time += later[index] ?? 0;
    end += 1 + (lengths[index] ?? 0);
    times[index] = time;
    ends[index] = end;
  }
  return { times, seen, ends, kinds: bits.slice(), text: Buffer.from(whole, 16 + lines * 21).toString('utf8') };
}
