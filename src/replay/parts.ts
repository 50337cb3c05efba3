import type { PartStart } from '../shared/protocol/replay.ts';
import type { RecordedEvent } from '../shared/record/events.ts';
import { colsAtMost, rowsAtMost } from '../shared/record/terminal-size.ts';

/** What the screen gets: output bytes and resizes, in order. */
export type ScreenEvent =
  | { atMs: number; code: 'o'; data: Uint8Array<ArrayBuffer> }
  | { atMs: number; code: 'r'; cols: number; rows: number };

/** Output events of one part, packed: per event a time, a code and an end in the bytes of all. */
export interface Block {
  times: Float64Array;
  ends: Uint32Array;
  isResize: Uint8Array;
  data: Uint8Array<ArrayBuffer>;
}

/** A part as it is kept in memory. `fault`: why it has no events. */
export interface LoadedPart {
  block: Block;
  /** Null when the screen before it is known only by playing what comes before. */
  start: PartStart | null;
  fault: string | null;
}

const perEvent = 13;

/** Packs the output and the resizes of `events`; others are left out. */
export function pack(events: readonly RecordedEvent[]): Block {
  const kept = events.filter((event) => event.code === 'o' || event.code === 'r');
  const block: Block = {
    times: new Float64Array(kept.length),
    ends: new Uint32Array(kept.length),
    isResize: new Uint8Array(kept.length),
    data: new Uint8Array(kept.reduce((sum, event) => sum + event.data.length, 0)),
  };
  let end = 0;
  kept.forEach((event, index) => {
    block.data.set(event.data, end);
    end += event.data.length;
    block.times[index] = event.atMs;
    block.ends[index] = end;
    block.isResize[index] = event.code === 'r' ? 1 : 0;
  });
  return block;
}

export const emptyBlock = (): Block => pack([]);

/** Bytes that a block takes in memory. */
export function blockBytes(block: Block): number {
  return block.data.length + block.times.length * perEvent;
}

/** "COLSxROWS" as a terminal size within what a screen can be; null for anything else. */
export function parseSize(data: Uint8Array): { cols: number; rows: number } | null {
  const found = /^(\d{1,5})x(\d{1,5})$/.exec(Buffer.from(data).toString('latin1'));
  if (found === null) return null;
  return clampSize(Number(found[1]), Number(found[2]));
}

/** A size that a screen can have. */
export function clampSize(cols: number, rows: number): { cols: number; rows: number } {
  const clamp = (value: number, most: number) => Math.min(Math.max(Math.floor(value), 1), most);
  return { cols: clamp(cols, colsAtMost), rows: clamp(rows, rowsAtMost) };
}

/** Index of the first time that is not before `atMs`. */
function lowerBound(times: Float64Array, atMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Events in [fromMs, toMs). Each has a copy of its bytes: a view would carry its whole block through a message port. */
export function* eventsOf(block: Block, fromMs = -Infinity, toMs = Infinity): Generator<ScreenEvent> {
  for (let index = lowerBound(block.times, fromMs); index < block.times.length; index += 1) {
    const atMs = block.times[index] ?? 0;
    if (atMs >= toMs) return;
    const data = block.data.slice(index === 0 ? 0 : block.ends[index - 1], block.ends[index]);
    if (block.isResize[index] === 0) yield { atMs, code: 'o', data };
    else {
      const size = parseSize(data);
      if (size !== null) yield { atMs, code: 'r', ...size };
    }
  }
}
