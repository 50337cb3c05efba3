import type { RecordedEvent } from '../../shared/record/events.ts';
import { ScreenFollower } from './screen-follower.ts';

/**
 * The text sidecars of a recording from its events: one per output segment, as whoever recorded it must have written them.
 * `segments`: each output segment in order, `isEnd` where its manifest line says `end`; `input`: all events of the input stream.
 */
export function textOf(options: {
  session: string;
  size: { cols: number; rows: number };
  segments: readonly { events: readonly RecordedEvent[]; isEnd: boolean }[];
  input: readonly RecordedEvent[];
}): string[] {
  const follower = new ScreenFollower(options);
  let typed = 0;
  return options.segments.map(({ events, isEnd }, segment) => {
    for (const event of events) {
      for (
        let next = options.input[typed];
        next !== undefined && next.atMs <= event.atMs;
        next = options.input[typed]
      ) {
        follower.take(next);
        typed += 1;
      }
      follower.take(event);
    }
    return follower.cut(segment, { isLast: isEnd });
  });
}
