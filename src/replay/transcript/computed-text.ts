import { setImmediate } from 'node:timers/promises';
import { ScreenFollower } from '../../recording/text-lines/screen-follower.ts';
import type { PartStart } from '../../shared/protocol/replay.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import type { TextEntry } from '../../shared/record/text-lines.ts';
import { entriesOf } from './sidecars.ts';

/** Output that is drawn for its text, at most: some five seconds of work. */
export const drawnBytesAtMost = 134_217_728;
/** How long it draws before it lets whatever else the process does pass. */
const sliceMs = 10;

/** A piece of the output, and whether its text is wanted or only what it leaves on the screen. `isLast`: with what then stands there. */
export interface Piece {
  events: readonly RecordedEvent[];
  /** The screen before it, where it is known; only the first piece's counts. */
  start: PartStart | null;
  isWanted: boolean;
  isLast: boolean;
}

export interface ComputeOptions {
  session: string;
  /** The terminal's size at the beginning. */
  size: { cols: number; rows: number };
  pieces: AsyncIterable<Piece>;
  /** What was typed, in order; none where it may not be read: then commands are told by the shell's marks alone. */
  input: AsyncIterable<RecordedEvent>;
  /** Resolves when nobody waits for something else. */
  quiet: () => Promise<void>;
  bytesAtMost?: number;
}

/**
 * Draws output and tells what could be read, as the recorder does (`textOf`): for what has no text of its own, and for those whose key for it is shut. Bounded: says in a
 * gap where it stopped. Throws what reading the pieces throws.
 */
export async function* computedText(options: ComputeOptions): AsyncGenerator<TextEntry[]> {
  const { session, quiet, bytesAtMost = drawnBytesAtMost } = options;
  const input = options.input[Symbol.asyncIterator]();
  let typed: RecordedEvent | null = null;
  let follower: ScreenFollower | null = null;
  let drawn = 0;
  let number = 0;
  for await (const { events, start, isWanted, isLast } of options.pieces) {
    follower ??= beginAt(session, start, options.size);
    let began = performance.now();
    for (const event of events) {
      drawn += event.data.length;
      if (drawn > bytesAtMost) {
        const gap = `The output is longer than what is drawn for its text here (${Math.floor(bytesAtMost / 1_048_576)} MB). What comes later can be played, not read.`;
        yield [...entriesOf(follower.cut(number, { isLast: true })), { t: event.atMs, gap }];
        return;
      }
      for (;;) {
        typed ??= (await input.next()).value ?? null;
        if (typed === null || typed.atMs > event.atMs) break;
        follower.take(typed);
        typed = null;
      }
      for (const _ of follower.taking(event)) {
        if (performance.now() - began < sliceMs) continue;
        await setImmediate();
        await quiet();
        began = performance.now();
      }
    }
    const entries = entriesOf(follower.cut(number, { isLast }));
    number += 1;
    if (isWanted) yield entries;
  }
}

function beginAt(session: string, start: PartStart | null, size: { cols: number; rows: number }): ScreenFollower {
  const follower = new ScreenFollower({
    session,
    size: start === null ? size : { cols: start.cols, rows: start.rows },
  });
  if (start?.init != null) follower.take({ atMs: 0, code: 'o', data: start.init });
  return follower;
}
