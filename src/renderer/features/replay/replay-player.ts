import type { PartStart } from '../../../shared/protocol/replay.ts';
import { makeStore, type Readable } from '../../services/store.ts';
import type { PartReader, ReadPart, ReplayEvent, ReplayOpened } from './replay-source.ts';

/** What a recording is played on. */
export interface PlayerScreen {
  /** Empties the screen and gives it a size in cells. */
  restart(cols: number, rows: number): void;
  resize(cols: number, rows: number): void;
  /** Resolves when the bytes are drawn. */
  draw(data: Uint8Array): Promise<void>;
}

export interface PlayerState {
  positionMs: number;
  playing: boolean;
  /** A jump is being drawn. */
  seeking: boolean;
  speed: number;
  skipIdle: boolean;
  /** Why the part where we are is not shown; null where it is. */
  fault: string | null;
}

export const speeds: readonly number[] = [0.5, 1, 2, 4, 8];

/** A pause longer than this is idle; of it, this much is left before what comes next. */
const idleMs = 2000;
const leadMs = 300;
/** Bytes to draw in one write. */
const drawBytes = 262_144;
/** A jump forward of at most this long is played through, and keeps the lines above the screen. */
const playThroughMs = 60_000;

/** Plays a recording: every event up to a position is on the screen, and nothing after it. */
export class ReplayPlayer {
  readonly state: Readable<PlayerState>;
  private readonly store = makeStore<PlayerState>({
    positionMs: 0,
    playing: false,
    seeking: false,
    speed: 1,
    skipIdle: true,
    fault: null,
  });
  /** Of the part that is on the screen: what is not drawn yet, and from where on in it. */
  private upcoming: readonly ReplayEvent[] = [];
  private upcomingAt = 0;
  /** The part to read next; -1 before anything was read. */
  private nextPart = -1;
  private drawnTo = -1;
  private partFault: string | null = null;
  /** A newer jump makes an older one stop where it is. */
  private generation = 0;
  private work: Promise<void> = Promise.resolve();
  private advancing = false;
  private readonly opened: ReplayOpened;
  private readonly reader: PartReader;
  private readonly screen: PlayerScreen;

  constructor(opened: ReplayOpened, reader: PartReader, screen: PlayerScreen) {
    this.opened = opened;
    this.reader = reader;
    this.screen = screen;
    this.state = this.store;
  }

  toggle(): void {
    if (this.store.get().playing) this.pause();
    else this.play();
  }

  /** From the start again when it stands at the end. */
  play(): void {
    this.change({ playing: true });
    if (this.store.get().positionMs >= this.opened.durationMs) void this.seek(0);
  }

  pause(): void {
    this.change({ playing: false });
  }

  setSpeed(speed: number): void {
    this.change({ speed });
  }

  setSkipIdle(skipIdle: boolean): void {
    this.change({ skipIdle });
  }

  /** Jumps; resolves when the screen is what it was then, or when a newer jump took over. */
  seek(toMs: number): Promise<void> {
    const target = Math.min(this.opened.durationMs, Math.max(0, toMs));
    this.generation += 1;
    const mine = this.generation;
    this.change({ positionMs: target, seeking: true });
    this.work = this.work.then(async () => {
      if (mine !== this.generation) return;
      if (!this.canPlayThrough(target)) await this.jump(target, mine);
      await this.drawTo(target, mine);
      if (mine === this.generation) this.change({ seeking: false, fault: this.partFault });
    });
    return this.work;
  }

  /** Lets `elapsedMs` of real time pass. Does nothing while paused, jumping, or still drawing the last step. */
  tick(elapsedMs: number): void {
    const now = this.store.get();
    if (!now.playing || now.seeking || this.advancing) return;
    this.advancing = true;
    const mine = this.generation;
    const target = Math.min(this.opened.durationMs, now.positionMs + Math.min(250, elapsedMs) * now.speed);
    this.work = this.work.then(async () => {
      if (mine === this.generation) await this.drawTo(target, mine);
      const next = now.skipIdle ? this.nextEventAt() : null;
      this.advancing = false;
      if (mine !== this.generation) return;
      let position = target;
      if (next !== null && next - target > idleMs)
        position = next === Infinity ? this.opened.durationMs : next - leadMs;
      const ended = position >= this.opened.durationMs;
      const fault = this.partFault;
      this.change(
        ended ? { positionMs: this.opened.durationMs, playing: false, fault } : { positionMs: position, fault },
      );
    });
  }

  private change(part: Partial<PlayerState>): void {
    this.store.update((now) => ({ ...now, ...part }));
  }

  /** Forward and not far: what lies between is drawn as it was. */
  private canPlayThrough(target: number): boolean {
    if (this.nextPart < 0 || target < this.drawnTo) return false;
    const next = this.opened.parts[this.nextPart];
    if (next === undefined || target < next.t0) return true;
    const afterNext = this.opened.parts[this.nextPart + 1];
    return target - this.drawnTo <= playThroughMs && (afterNext === undefined || target < afterNext.t0);
  }

  private async jump(target: number, mine: number): Promise<void> {
    const part = await this.reader.seek(target);
    if (mine !== this.generation) return;
    await this.begin(part.start, mine);
    this.take(part);
    this.drawnTo = -1;
  }

  private async begin(start: PartStart | null, mine: number): Promise<void> {
    const { cols, rows } = start ?? this.opened;
    this.screen.restart(cols, rows);
    if (start?.init != null && mine === this.generation) await this.screen.draw(start.init);
  }

  private take(part: ReadPart): void {
    this.upcoming = part.events;
    this.upcomingAt = 0;
    this.nextPart = part.part + 1;
    this.partFault = part.fault;
  }

  /** When the next event is, by the index where it is not read yet; Infinity when none is left. */
  private nextEventAt(): number {
    return this.upcoming[this.upcomingAt]?.atMs ?? this.opened.parts[Math.max(0, this.nextPart)]?.t0 ?? Infinity;
  }

  private async drawTo(target: number, mine: number): Promise<void> {
    for (;;) {
      await this.drawUpcoming(target, mine);
      const next = this.opened.parts[Math.max(0, this.nextPart)];
      const isDue = this.upcomingAt >= this.upcoming.length && next !== undefined && next.t0 <= target;
      if (mine !== this.generation || !isDue) break;
      const part = await this.reader.read(Math.max(0, this.nextPart));
      if (mine !== this.generation) return;
      // After what could not be shown the screen is known again only by what the part itself says.
      if (this.partFault !== null && part.fault === null && part.start !== null) await this.begin(part.start, mine);
      this.take(part);
    }
    if (mine === this.generation) this.drawnTo = Math.max(this.drawnTo, target);
  }

  private async drawUpcoming(target: number, mine: number): Promise<void> {
    while (mine === this.generation) {
      const event = this.upcoming[this.upcomingAt];
      if (event === undefined || event.atMs > target) break;
      this.drawnTo = event.atMs;
      if (event.code === 'r') {
        this.screen.resize(event.cols, event.rows);
        this.upcomingAt += 1;
        continue;
      }
      const parts: Uint8Array[] = [];
      let size = 0;
      for (; size < drawBytes; this.upcomingAt += 1) {
        const next = this.upcoming[this.upcomingAt];
        if (next === undefined || next.code !== 'o' || next.atMs > target) break;
        parts.push(next.data);
        size += next.data.length;
        this.drawnTo = next.atMs;
      }
      await this.screen.draw(joined(parts, size));
    }
  }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
