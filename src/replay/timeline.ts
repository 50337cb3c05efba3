import type { ReplayToScreen } from '../shared/protocol/replay.ts';
import type { RecordedEvent } from '../shared/record/events.ts';
import { readMarker } from '../shared/record/markers.ts';
import { parseSize } from './parts.ts';
import { type OutputReader, TypedLines } from './typed-lines.ts';

type Survey = Extract<ReplayToScreen, { type: 'survey' }>;
export type Mark = Survey['marks'][number];
export type Activity = Survey['activity'];

export const slices = 240;
/** A recording can hold any number of lines and resizes; a timeline cannot. */
export const marksAtMost = 2000;
/** Bytes of a terminal that one byte of a stored segment stands for, about. */
const bytesPerStored = 6;

/** What a segment may hold, before it is read. */
export interface Expected {
  stream: 'output' | 'input';
  t0: number;
  t1: number;
  storedBytes: number;
}

/** Gathers what the timeline shows while events pass: activity per slice of time, and marks. */
export class Timeline {
  private readonly counted = emptySlices();
  /** What is not read yet. */
  private readonly expected = emptySlices();
  private readonly found: Mark[] = [];
  private readonly typed = new TypedLines();
  private readonly sliceMs: number;

  /** `durationMs`: of the whole recording; an event after it counts as one at its end. */
  constructor(durationMs: number) {
    this.sliceMs = Math.max(durationMs, 1) / slices;
  }

  /** Takes an estimate for a segment; `add` it with its events when it was read. */
  expect(segment: Expected): void {
    this.spread(segment, 1);
  }

  /** A segment that was expected was read. */
  settle(segment: Expected): void {
    this.spread(segment, -1);
  }

  /** Marks in order of time but typed lines, the first of them if there are too many. */
  marks(): Mark[] {
    return inOrder(this.found);
  }

  /** As `marks`, with typed lines. `shown`: the output, by which they are told from passwords. */
  async allMarks(shown: OutputReader): Promise<Mark[]> {
    const typed = (await this.typed.read(shown)).map((line): Mark => ({ ...line, kind: 'input' }));
    return inOrder([...this.found, ...typed]);
  }

  add(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      if (event.code === 'o') this.slice(this.counted, event.atMs).output += event.data.length;
      else if (event.code === 'i') {
        this.slice(this.counted, event.atMs).input += event.data.length;
        this.typed.add(event);
      } else this.mark(event);
    }
  }

  /** Bytes per equal slice of the whole duration. */
  activity(): Activity {
    return this.counted.map((slice, index) => ({
      output: slice.output + Math.max(0, Math.round(this.expected[index]?.output ?? 0)),
      input: slice.input + Math.max(0, Math.round(this.expected[index]?.input ?? 0)),
    }));
  }

  private slice(of: Activity, atMs: number): Activity[number] {
    const index = Math.min(slices - 1, Math.max(0, Math.floor(atMs / this.sliceMs)));
    return of[index] ?? { output: 0, input: 0 };
  }

  private spread({ stream, t0, t1, storedBytes }: Expected, sign: 1 | -1): void {
    const first = Math.min(slices - 1, Math.floor(t0 / this.sliceMs));
    const last = Math.min(slices - 1, Math.max(first, Math.floor(t1 / this.sliceMs)));
    const each = (storedBytes * bytesPerStored) / (last - first + 1);
    for (let index = first; index <= last; index += 1) {
      const slice = this.expected[index];
      if (slice !== undefined) slice[stream] += sign * each;
    }
  }

  private mark(event: RecordedEvent): void {
    if (this.found.length >= marksAtMost) return;
    const text = Buffer.from(event.data).toString('utf8');
    if (event.code === 'r') {
      const size = parseSize(event.data);
      if (size !== null) this.found.push({ atMs: event.atMs, kind: 'resize', text: `${size.cols}x${size.rows}` });
    } else if (event.code === 'x') {
      this.found.push({ atMs: event.atMs, kind: 'exit', text });
    } else {
      const { kind: marker, text: words } = readMarker(text);
      this.found.push({ atMs: event.atMs, kind: 'marker', text: words, marker });
    }
  }
}

function emptySlices(): Activity {
  return Array.from({ length: slices }, () => ({ output: 0, input: 0 }));
}

function inOrder(marks: readonly Mark[]): Mark[] {
  return [...marks].sort((a, b) => a.atMs - b.atMs).slice(0, marksAtMost);
}
