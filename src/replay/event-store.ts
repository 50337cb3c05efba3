import type { RecordedEvent } from '../shared/record/events.ts';

/** What the screen gets: output bytes and resizes, in order. */
export type ScreenEvent =
  | { atMs: number; code: 'o'; data: Uint8Array<ArrayBuffer> }
  | { atMs: number; code: 'r'; cols: number; rows: number };

/** Decoded bytes are kept up to this; what comes later is not shown, and that is said. */
export const storeBytesAtMost = 536_870_912;
const eventOverhead = 16;

/** Events of one segment, packed: per event a time, a code and an end in the bytes of all. */
interface Block {
  times: Float64Array;
  ends: Uint32Array;
  isResize: Uint8Array;
  data: Uint8Array<ArrayBuffer>;
}

function pack(events: readonly RecordedEvent[]): Block {
  const block: Block = {
    times: new Float64Array(events.length),
    ends: new Uint32Array(events.length),
    isResize: new Uint8Array(events.length),
    data: new Uint8Array(events.reduce((sum, event) => sum + event.data.length, 0)),
  };
  let end = 0;
  events.forEach((event, index) => {
    block.data.set(event.data, end);
    end += event.data.length;
    block.times[index] = event.atMs;
    block.ends[index] = end;
    block.isResize[index] = event.code === 'r' ? 1 : 0;
  });
  return block;
}

/** "COLSxROWS" as a terminal size within what a screen can be; null for anything else. */
export function parseSize(data: Uint8Array): { cols: number; rows: number } | null {
  const found = /^(\d{1,5})x(\d{1,5})$/.exec(Buffer.from(data).toString('latin1'));
  if (found === null) return null;
  const clamp = (value: number, most: number) => Math.min(Math.max(value, 1), most);
  return { cols: clamp(Number(found[1]), 1000), rows: clamp(Number(found[2]), 500) };
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

/** The output of a recording, decoded, compactly in memory. */
export class EventStore {
  private readonly blocks: Block[] = [];
  private readonly atMost: number;
  private bytes = 0;
  /** Time from which nothing is kept any more, or null. */
  fullAtMs: number | null = null;

  constructor(atMost = storeBytesAtMost) {
    this.atMost = atMost;
  }

  /** Adds events in order of time; only output and resizes are kept. */
  add(events: readonly RecordedEvent[]): void {
    const kept = events.filter((event) => event.code === 'o' || event.code === 'r');
    const first = kept[0];
    if (first === undefined || this.fullAtMs !== null) return;
    const size = kept.reduce((sum, event) => sum + event.data.length + eventOverhead, 0);
    if (this.bytes + size > this.atMost) {
      this.fullAtMs = first.atMs;
      return;
    }
    this.bytes += size;
    this.blocks.push(pack(kept));
  }

  /** Events in [fromMs, toMs). Each has a copy of its bytes: a view would carry its whole block through a message port. */
  *read(fromMs: number, toMs: number): Generator<ScreenEvent> {
    for (const block of this.blocks) {
      if ((block.times.at(-1) ?? 0) < fromMs) continue;
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
  }
}
