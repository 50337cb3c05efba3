import type { ReplayToScreen } from '../shared/protocol/replay.ts';
import type { RecordedEvent } from '../shared/record/events.ts';
import { readMarker } from '../shared/record/markers.ts';
import { type EventStore, parseSize } from './event-store.ts';
import { TypedLines } from './typed-lines.ts';

type Opened = Extract<ReplayToScreen, { type: 'opened' }>;
export type Mark = Opened['marks'][number];
export type Activity = Opened['activity'];

export const slices = 240;
/** A recording can hold any number of lines and resizes; a timeline cannot. */
export const marksAtMost = 2000;
const pointsAtMost = 20_000;

/** Gathers what the timeline shows while events pass: activity per slice of time, and marks. */
export class Timeline {
  /** Bytes per slot of `grainMs`. */
  private readonly points = new Map<number, { output: number; input: number }>();
  private grainMs = 1;
  private readonly found: Mark[] = [];
  private readonly typed = new TypedLines();
  private last = 0;

  /** Time of the last event, in milliseconds. */
  get durationMs(): number {
    return this.last;
  }

  /** Marks in order of time, the first of them if there are too many. `shown`: the output, by which typed lines are told from passwords. */
  marks(shown: EventStore): Mark[] {
    const typed = this.typed.read(shown).map((line): Mark => ({ ...line, kind: 'input' }));
    return [...this.found, ...typed].sort((a, b) => a.atMs - b.atMs).slice(0, marksAtMost);
  }

  add(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      this.last = Math.max(this.last, event.atMs);
      if (event.code === 'o') this.count(event.atMs, 'output', event.data.length);
      else if (event.code === 'i') {
        this.count(event.atMs, 'input', event.data.length);
        this.typed.add(event);
      } else this.mark(event);
    }
  }

  /** Bytes per equal slice of the whole duration. */
  activity(): Activity {
    const out = Array.from({ length: slices }, () => ({ output: 0, input: 0 }));
    const width = Math.max(this.last, 1) / slices;
    for (const [slot, point] of this.points) {
      const slice = out[Math.min(Math.floor((slot * this.grainMs) / width), slices - 1)];
      if (slice === undefined) continue;
      slice.output += point.output;
      slice.input += point.input;
    }
    return out;
  }

  private count(atMs: number, kind: 'output' | 'input', bytes: number): void {
    const slot = Math.floor(atMs / this.grainMs);
    const point = this.points.get(slot) ?? { output: 0, input: 0 };
    point[kind] += bytes;
    this.points.set(slot, point);
    if (this.points.size > pointsAtMost) this.coarsen();
  }

  /** The slices are known at the end only; until then points are as fine as their number allows. */
  private coarsen(): void {
    const fine = [...this.points];
    this.points.clear();
    this.grainMs *= 2;
    for (const [slot, { output, input }] of fine) {
      const point = this.points.get(slot >> 1) ?? { output: 0, input: 0 };
      point.output += output;
      point.input += input;
      this.points.set(slot >> 1, point);
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
      this.found.push({ atMs: event.atMs, kind: 'marker', text: readMarker(text).text });
    }
  }
}
