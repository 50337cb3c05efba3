import { makeStore, type Readable } from '../../services/store.ts';
import type { EventReader, ReplayEvent, ReplayOpened } from './replay-source.ts';

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
}

export const speeds: readonly number[] = [0.5, 1, 2, 4, 8];

/** A pause longer than this is idle; of it, this much is left before what comes next. */
const idleMs = 2000;
const leadMs = 300;
/** Bytes to ask for at once, about, and to draw in one write. */
const readBytes = 1_000_000;
const drawBytes = 262_144;
const longestReadMs = 120_000;

/** The end of the next read: about `readBytes` of output by the activity strip. Pure. */
export function readEnd(opened: Pick<ReplayOpened, 'durationMs' | 'activity'>, fromMs: number): number {
  const { durationMs, activity } = opened;
  const last = durationMs + 1;
  if (activity.length === 0 || durationMs <= 0) return last;
  const sliceMs = durationMs / activity.length;
  let to = fromMs;
  let sum = 0;
  while (to < last && to - fromMs < longestReadMs && sum < readBytes) {
    const slice = Math.min(activity.length - 1, Math.floor(to / sliceMs));
    const output = activity[slice]?.output ?? 0;
    // A slice with a flood in it is read in parts.
    const part = output > 4 * readBytes ? (sliceMs * readBytes) / output : (slice + 1) * sliceMs - to;
    to = Math.max(to + 1, to + part);
    sum += output > 4 * readBytes ? readBytes : output;
  }
  return Math.min(last, Math.ceil(to));
}

/** Plays a recording: every event up to a position is on the screen, and nothing after it. */
export class ReplayPlayer {
  readonly state: Readable<PlayerState>;
  private readonly store = makeStore<PlayerState>({
    positionMs: 0,
    playing: false,
    seeking: false,
    speed: 1,
    skipIdle: true,
  });
  /** Read, not drawn yet. */
  private upcoming: ReplayEvent[] = [];
  private readTo = 0;
  private drawnTo = -1;
  /** A newer jump makes an older one stop where it is. */
  private generation = 0;
  private work: Promise<void> = Promise.resolve();
  private advancing = false;
  private readonly opened: ReplayOpened;
  private readonly reader: EventReader;
  private readonly screen: PlayerScreen;

  constructor(opened: ReplayOpened, reader: EventReader, screen: PlayerScreen) {
    this.opened = opened;
    this.reader = reader;
    this.screen = screen;
    this.state = this.store;
    screen.restart(opened.cols, opened.rows);
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
      if (target < this.drawnTo) this.restart();
      await this.drawTo(target, mine);
      if (mine === this.generation) this.change({ seeking: false });
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
      const next = mine === this.generation && now.skipIdle ? await this.nextEventAt(mine) : null;
      this.advancing = false;
      if (mine !== this.generation) return;
      let position = target;
      if (next !== null && next - target > idleMs)
        position = next === Infinity ? this.opened.durationMs : next - leadMs;
      const ended = position >= this.opened.durationMs;
      this.change(ended ? { positionMs: this.opened.durationMs, playing: false } : { positionMs: position });
    });
  }

  private change(part: Partial<PlayerState>): void {
    this.store.update((now) => ({ ...now, ...part }));
  }

  private restart(): void {
    this.screen.restart(this.opened.cols, this.opened.rows);
    this.upcoming = [];
    this.readTo = 0;
    this.drawnTo = -1;
  }

  private async readMore(mine: number): Promise<boolean> {
    const from = this.readTo;
    if (from > this.opened.durationMs) return false;
    const to = readEnd(this.opened, from);
    const events = await this.reader.read(from, to);
    if (mine !== this.generation) return false;
    this.upcoming.push(...events);
    this.readTo = to;
    return true;
  }

  /** When the next event is; Infinity when none is left, null when a jump came between. */
  private async nextEventAt(mine: number): Promise<number | null> {
    while (this.upcoming.length === 0) {
      if (!(await this.readMore(mine))) return mine === this.generation ? Infinity : null;
    }
    return this.upcoming[0]?.atMs ?? null;
  }

  private async drawTo(target: number, mine: number): Promise<void> {
    for (;;) {
      await this.drawUpcoming(target, mine);
      if (mine !== this.generation || this.readTo > target) break;
      if (!(await this.readMore(mine))) break;
    }
    if (mine === this.generation) this.drawnTo = Math.max(this.drawnTo, target);
  }

  private async drawUpcoming(target: number, mine: number): Promise<void> {
    let at = 0;
    while (at < this.upcoming.length && mine === this.generation) {
      const event = this.upcoming[at];
      if (event === undefined || event.atMs > target) break;
      this.drawnTo = event.atMs;
      if (event.code === 'r') {
        this.screen.resize(event.cols, event.rows);
        at += 1;
        continue;
      }
      const parts: Uint8Array[] = [];
      let size = 0;
      for (; at < this.upcoming.length && size < drawBytes; at += 1) {
        const next = this.upcoming[at];
        if (next === undefined || next.code !== 'o' || next.atMs > target) break;
        parts.push(next.data);
        size += next.data.length;
        this.drawnTo = next.atMs;
      }
      await this.screen.draw(joined(parts, size));
    }
    this.upcoming.splice(0, at);
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
