import { formatCastEvent, formatCastHeader, formatSegmentComment } from '../../recording/text/cast.ts';
import { EventTextEncoder, eventTextBytes } from '../../recording/text/event-text.ts';
import { entersAtMost } from '../../recording/text-lines/commands.ts';
import { type FollowedEvent, typedAtMost } from '../../recording/text-lines/screen-follower.ts';
import type { KeyedStream, Stream } from '../../shared/model/recording.ts';
import type { CastHeader, EventCode, EventCounts } from '../../shared/record/events.ts';
import {
  type CloseReason,
  floodBytesPerSecond,
  segmentMs,
  segmentTextBytes,
  segmentTextBytesAtMost,
  zstdFloodLevel,
  zstdLevel,
} from '../../shared/record/segments.ts';
import { GroundState } from './ground-state.ts';

/** A segment that was cut and waits to be sealed. */
export interface CutSegment {
  stream: KeyedStream;
  seq: number;
  text: Buffer[];
  textBytes: number;
  /** What its screen follows: its own events and, of what was typed meanwhile, when and how often Enter. Empty for input. */
  followed: FollowedEvent[];
  t0: number;
  t1: number;
  events: EventCounts;
  /** Frames of the stream's journal that are covered by now. */
  frames: number;
  why: CloseReason;
  level: number;
}

/**
 * The open segment of one stream: event text, as it will be kept. Intervals are differences of rounded absolute times, so rounding never adds
 * up.
 */
export class SegmentBuilder {
  private readonly stream: Stream;
  private readonly session: string;
  private readonly onTyped: ((data: Uint8Array, atMs: number) => void) | undefined;
  private readonly encoder = new EventTextEncoder();
  private readonly ground = new GroundState();
  private seq = 0;
  private text: Buffer[];
  private textBytes: number;
  private followed: FollowedEvent[] = [];
  /** Keys since the last output, and whether they are later than it. */
  private keys = { count: 0, areLater: false };
  private events: EventCounts = {};
  private times: { t0: number; t1: number } | null = null;
  private lastMs = 0;
  private offset = 0;

  /** `onTyped`: of a builder of input, each event that it keeps. */
  constructor(options: {
    stream: Stream;
    session: string;
    header: CastHeader;
    onTyped?: (data: Uint8Array, atMs: number) => void;
  }) {
    this.stream = options.stream;
    this.onTyped = options.onTyped;
    this.session = options.session;
    const header = Buffer.from(formatCastHeader(options.header));
    this.text = [header];
    this.textBytes = header.length;
  }

  /** Time of the open segment's first event, or null. */
  get since(): number | null {
    return this.times?.t0 ?? null;
  }

  /** Bytes of text in the open segment. */
  get size(): number {
    return this.textBytes;
  }

  /** Takes bytes of the stream itself (`o`, `i`). A character that is not complete waits for the next call. */
  bytes(code: 'o' | 'i', data: Uint8Array, atMs: number): void {
    this.offset += data.length;
    const text = this.encoder.push(data);
    if (text !== '') this.add(code, text, atMs);
  }

  /** Takes an event whose data is text (`r`, `m`, `x`). */
  fact(code: 'r' | 'm' | 'x', text: string, atMs: number): void {
    // The exit comes after every byte, also after those of a character that was never finished.
    if (code === 'x') this.flush(atMs);
    this.add(code, text, atMs);
  }

  /**
   * For a builder of output: something was typed. The keys themselves are not kept here. What the screen would pass over is not either: keys after so many
   * without an output, where those of the last output's millisecond come before it.
   */
  typed(enters: number, atMs: number): void {
    if (!this.keys.areLater && atMs > this.lastMs) this.keys = { count: 0, areLater: true };
    this.keys.count += 1;
    if (this.keys.count > typedAtMost) return;
    const data = enters === 0 ? '.' : '\r'.repeat(Math.min(enters, entersAtMost));
    this.followed.push({ atMs, code: 'i', data: Buffer.from(data) });
  }

  /** Why the open segment should be cut here, or null. Only at the upper bound does it answer inside a character or a sequence. */
  due(nowMs: number): CloseReason | null {
    if (this.textBytes >= segmentTextBytesAtMost) return 'forced';
    if (!this.ground.isGround || !this.encoder.atBoundary || this.times === null) return null;
    if (this.textBytes >= segmentTextBytes) return 'size';
    return nowMs - this.times.t0 >= segmentMs ? 'time' : null;
  }

  /** Cuts. Returns null when the stream has nothing to keep: input that was never typed. The next segment is open at once. */
  cut(options: { why: CloseReason; frames: number; nowMs: number }): CutSegment | null {
    if (options.why === 'forced' || options.why === 'keys' || options.why === 'end') this.flush(options.nowMs);
    if (this.times === null && (this.seq > 0 || this.stream === 'input')) return null;
    const { t0, t1 } = this.times ?? { t0: 0, t1: 0 };
    const seconds = Math.max(options.nowMs - t0, 1) / 1000;
    const segment: CutSegment = {
      stream: this.stream,
      seq: this.seq,
      text: this.text,
      textBytes: this.textBytes,
      followed: this.followed,
      t0,
      t1,
      events: this.events,
      frames: options.frames,
      why: options.why,
      level: this.textBytes / seconds > floodBytesPerSecond ? zstdFloodLevel : zstdLevel,
    };
    this.begin();
    return segment;
  }

  private flush(atMs: number): void {
    const rest = this.encoder.flush();
    if (rest !== '') this.add(this.stream === 'input' ? 'i' : 'o', rest, atMs);
  }

  private begin(): void {
    this.seq += 1;
    const comment = {
      segment: this.seq,
      stream: this.stream,
      session: this.session,
      atMs: this.lastMs,
      offset: this.offset,
    };
    const line = Buffer.from(formatSegmentComment(comment));
    this.text = [line];
    this.textBytes = line.length;
    this.followed = [];
    this.events = {};
    this.times = null;
  }

  private add(code: EventCode, text: string, atMs: number): void {
    if (code === 'o') this.ground.push(text);
    const at = Math.max(atMs, this.lastMs);
    const line = Buffer.from(formatCastEvent(at - this.lastMs, code, text));
    if (this.stream === 'output') {
      this.followed.push({ atMs: at, code, data: dataOf(code, text) });
      this.keys = { count: 0, areLater: false };
    } else this.onTyped?.(eventTextBytes(text), at);
    this.lastMs = at;
    this.text.push(line);
    this.textBytes += line.length;
    this.events[code] = (this.events[code] ?? 0) + 1;
    this.times = { t0: this.times?.t0 ?? at, t1: at };
  }
}

function dataOf(code: EventCode, text: string): Uint8Array {
  return code === 'o' ? eventTextBytes(text) : Buffer.from(text, 'utf8');
}
