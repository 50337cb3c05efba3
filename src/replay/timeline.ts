import type { ReplayToScreen } from '../shared/protocol/replay.ts';
import type { RecordedEvent } from '../shared/record/events.ts';
import { readMarker } from '../shared/record/markers.ts';
import { parseSize } from './event-store.ts';

type Opened = Extract<ReplayToScreen, { type: 'opened' }>;
export type Mark = Opened['marks'][number];
export type Activity = Opened['activity'];

export const slices = 240;
/** A recording can hold any number of lines and resizes; a timeline cannot. */
export const marksAtMost = 2000;
const lineLength = 200;

/** Gathers what the timeline shows while events pass: activity per slice of time, and marks. */
export class Timeline {
  private readonly points: { atMs: number; output: number; input: number }[] = [];
  private readonly found: Mark[] = [];
  private line = '';
  private last = 0;

  /** Time of the last event, in milliseconds. */
  get durationMs(): number {
    return this.last;
  }

  /** Marks in order of time, the first of them if there are too many. */
  get marks(): Mark[] {
    return this.found.toSorted((a, b) => a.atMs - b.atMs).slice(0, marksAtMost);
  }

  add(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      this.last = Math.max(this.last, event.atMs);
      if (event.code === 'o') this.count(event.atMs, 'output', event.data.length);
      else if (event.code === 'i') this.typed(event);
      else this.mark(event);
    }
  }

  /** Bytes per equal slice of the whole duration. */
  activity(): Activity {
    const out = Array.from({ length: slices }, () => ({ output: 0, input: 0 }));
    const width = Math.max(this.last, 1) / slices;
    for (const point of this.points) {
      const slice = out[Math.min(Math.floor(point.atMs / width), slices - 1)];
      if (slice === undefined) continue;
      slice.output += point.output;
      slice.input += point.input;
    }
    return out;
  }

  private count(atMs: number, kind: 'output' | 'input', bytes: number): void {
    // Slices are known at the end only; until then a hundred milliseconds share a point.
    const rounded = atMs - (atMs % 100);
    let point = this.points.at(-1);
    if (point === undefined || point.atMs !== rounded) {
      point = { atMs: rounded, output: 0, input: 0 };
      this.points.push(point);
    }
    point[kind] += bytes;
  }

  /** Typed lines become marks: what was typed before Enter, control characters left out. */
  private typed(event: RecordedEvent): void {
    this.count(event.atMs, 'input', event.data.length);
    for (const character of Buffer.from(event.data).toString('utf8')) {
      if (character === '\r' || character === '\n') this.endLine(event.atMs);
      else if (character === '\x7f') this.line = this.line.slice(0, -1);
      else if (character >= ' ' && this.line.length < lineLength) this.line += character;
    }
  }

  private endLine(atMs: number): void {
    const text = this.line.trim();
    this.line = '';
    if (text !== '' && this.found.length < marksAtMost * 2) this.found.push({ atMs, kind: 'input', text });
  }

  private mark(event: RecordedEvent): void {
    if (this.found.length >= marksAtMost * 2) return;
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
