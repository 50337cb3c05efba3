import type { RecordedEvent } from '../../shared/record/events.ts';
import { bannerKind, markerSchema } from '../../shared/record/markers.ts';
import type { TerminalSize } from './wire-channel.ts';

/** What a meeting of bytes came to. */
export interface Meeting {
  /** Offset in the recorded stream of the first byte that is another; null when none is. */
  differsAt: number | null;
  /** How many of the bytes came after the recorded stream's end. */
  beyond: number;
}

/** One recorded stream, read as far as bytes that crossed ask for it. */
export abstract class RecordedStream {
  abstract readonly stream: 'output' | 'input';
  /** Bytes found equal; recorded bytes that nothing that crossed asked for (after `finish`). */
  met = 0;
  left = 0;
  /** In the stream, of what is read next. */
  offset = 0;
  private readonly source: AsyncIterator<RecordedEvent>;
  private waiting: Buffer = Buffer.alloc(0);
  private ended = false;

  constructor(events: AsyncIterable<RecordedEvent>) {
    this.source = events[Symbol.asyncIterator]();
  }

  /** The bytes of an event that the channel carried. Must move `offset` over those that it did not. */
  protected abstract carried(event: RecordedEvent): Buffer;

  /** Holds bytes that crossed against those that were recorded next. */
  async meet(bytes: Buffer): Promise<Meeting> {
    let at = 0;
    while (at < bytes.length) {
      if (this.waiting.length === 0 && !(await this.more())) return { differsAt: null, beyond: bytes.length - at };
      const length = Math.min(bytes.length - at, this.waiting.length);
      const here = bytes.subarray(at, at + length);
      const there = this.waiting.subarray(0, length);
      if (!here.equals(there)) {
        const first = here.findIndex((byte, index) => byte !== there[index]);
        this.met += first;
        return { differsAt: this.offset + first, beyond: 0 };
      }
      this.waiting = this.waiting.subarray(length);
      this.met += length;
      this.offset += length;
      at += length;
    }
    return { differsAt: null, beyond: 0 };
  }

  /** Reads the rest, which nothing asked for. */
  async finish(): Promise<void> {
    do {
      this.left += this.waiting.length;
      this.offset += this.waiting.length;
      this.waiting = Buffer.alloc(0);
    } while (await this.more());
  }

  private async more(): Promise<boolean> {
    while (!this.ended && this.waiting.length === 0) {
      const { done, value } = await this.source.next();
      if (done === true) this.ended = true;
      else this.waiting = this.carried(value);
    }
    return this.waiting.length > 0;
  }
}

export class RecordedInput extends RecordedStream {
  readonly stream = 'input';

  protected carried({ code, data }: RecordedEvent): Buffer {
    return code === 'i' ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.alloc(0);
  }
}

/** Beyond it the list of sizes would be the memory of whoever verifies; what crossed is bounded by the same. */
const resizesAtMost = 1_000_000;

/** The words of targets before the login come to less. */
const announcedAtMost = 65_536;

/** The output stream has the sizes and the end of the program too, and the words that no channel carried. */
export class RecordedOutput extends RecordedStream {
  readonly stream = 'output';
  readonly resizes: TerminalSize[] = [];
  exit: string | null = null;
  /** Bytes that a marker said the channel did not carry. */
  announced = 0;
  private notOurs = 0;
  private promised = 0;
  private begun = false;

  protected carried({ code, data }: RecordedEvent): Buffer {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    if (code === 'o') {
      const skipped = Math.min(this.notOurs, bytes.length);
      this.notOurs -= skipped;
      this.announced += skipped;
      this.offset += skipped;
      this.begun ||= skipped < bytes.length;
      return bytes.subarray(skipped);
    }
    if (code === 'm') this.announce(bannerBytes(bytes));
    else if (code === 'x') this.exit = bytes.toString('utf8');
    else if (code === 'r') this.resize(bytes.toString('utf8'));
    return Buffer.alloc(0);
  }

  /** Only before the channel's first output: no channel is there before the login. What is not announced has to have crossed. */
  private announce(bytes: number): void {
    if (this.begun || this.promised + bytes > announcedAtMost) return;
    this.promised += bytes;
    this.notOurs += bytes;
  }

  private resize(text: string): void {
    const match = /^(\d+)x(\d+)$/.exec(text);
    if (match !== null && this.resizes.length < resizesAtMost)
      this.resizes.push({ cols: Number(match[1]), rows: Number(match[2]) });
  }
}

function bannerBytes(data: Buffer): number {
  try {
    const marker = markerSchema.safeParse(JSON.parse(data.toString('utf8')));
    return marker.success && marker.data.kind === bannerKind ? (marker.data.bytes ?? 0) : 0;
  } catch {
    return 0;
  }
}
