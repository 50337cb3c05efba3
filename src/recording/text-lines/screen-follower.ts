import type { RecordedEvent } from '../../shared/record/events.ts';
import { isPossible, readSize } from '../../shared/record/terminal-size.ts';
import { lineCharactersAtMost } from '../../shared/record/text-lines.ts';
import { cellsPerSegment, DrawsTooMuch, slicesOf } from '../screen/drawing-cost.ts';
import { ScreenModel } from '../screen/screen-model.ts';
import type { Inside } from '../screen/xterm-inside.ts';
import type { Keyframe } from '../text/cast.ts';
import { AlternateLines } from './alternate-lines.ts';
import { Commands } from './commands.ts';
import { screenLines } from './rows.ts';
import { Told } from './told.ts';

/** The alternate screen is looked at where it stood still for this long, or at the latest after the other. In milliseconds of the recording. */
const stillMs = 100;
const lookMs = 1000;
/** A screen that is erased is read before, so often in each tenth of a second of the recording: who erases more often shows nothing to read. */
const erasuresAtMost = 20;
const erasureMs = 100;
/** Keys typed while nothing is shown tell no more than so many of them. */
export const typedAtMost = 100;
/** Reading a cell takes less than drawing it: so many count as one. */
const readCells = 4;
/**
 * What resizing may cost in one segment, in cells of the screens before and after: some ten thousand times of a usual screen. A screen that is resized more is
 * not followed any further: a hostile recording would hold whoever draws it for minutes.
 */
const resizedCellsAtMost = 250_000_000;
const cellsOfAnyResize = 1000;

/** What the follower needs of an event. For input, of which nothing but Enter counts, `data` may be only that. */
export type FollowedEvent = Pick<RecordedEvent, 'atMs' | 'code' | 'data'>;

/**
 * Follows a recording on a screen: its keyframes, its lines and its commands. Takes the events of both streams in the order of `inOrder`. The same events give
 * the same text, however bytes of one millisecond are spread over them. Never throws: a screen that failed says so as a gap and is silent from then on.
 */
export class ScreenFollower {
  private readonly screen: ScreenModel;
  private readonly inside: Inside;
  private readonly told: Told;
  private readonly commands = new Commands();
  private readonly alternate = new AlternateLines();
  private readonly held: FollowedEvent[] = [];
  private isFailed = false;
  private nowMs = 0;
  private lastLookMs = 0;
  /** The beginning of a line that has left the screen while its end is still there. */
  private leaving: { t: number; text: string } | null = null;
  private erased = new Set<string>();
  private resizedCells = 0;
  private erasures = { sinceMs: 0, count: 0 };

  constructor(options: { session: string; size: { cols: number; rows: number } }) {
    this.told = new Told(options.session);
    this.screen = new ScreenModel(options.size);
    this.inside = this.screen.inside;
    this.screen.cost.allow(cellsPerSegment);
    this.followLines();
    this.followErasures();
    this.followMarks();
  }

  get screenSize(): { cols: number; rows: number } {
    return this.screen.size;
  }

  take(event: FollowedEvent): void {
    const taking = this.taking(event);
    while (taking.next().done !== true);
  }

  /** As `take`, a few milliseconds at a time: whoever has other work gives way between them. */
  *taking(event: FollowedEvent): Generator<void> {
    if (this.isFailed) return;
    try {
      if (event.code === 'i') {
        // Counts with the output that comes next: only so it makes no difference in which segment it was typed.
        if (this.held.length < typedAtMost) this.held.push(event);
        return;
      }
      for (const { atMs, data } of this.held.splice(0)) {
        this.passTime(atMs);
        this.typed(data);
      }
      this.passTime(event.atMs);
      if (event.code === 'r') this.resize(Buffer.from(event.data).toString('utf8'));
      if (event.code !== 'o') return;
      for (const slice of slicesOf(event.data, this.screen.size)) {
        this.screen.write(slice);
        yield;
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** The screen at the end of what was taken, or null where it cannot be said. */
  keyframe(): Keyframe | null {
    if (this.isFailed) return null;
    try {
      return this.screen.keyframe();
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  /** The text of the segment that ends here. `isLast`: with what stands on the screen; asked again, with what is new on it. */
  cut(segment: number, options: { isLast: boolean }): string {
    if (options.isLast && !this.isFailed) {
      try {
        this.tellRest();
      } catch (error) {
        this.fail(error);
      }
    }
    this.resizedCells = 0;
    this.screen.cost.allow(cellsPerSegment);
    return this.told.cut(segment);
  }

  private fail(error?: unknown): void {
    this.isFailed = true;
    const gap =
      error instanceof DrawsTooMuch
        ? 'The screen was not followed any further: it is drawn too often.'
        : 'The screen could not be followed any further.';
    this.told.add({ t: this.nowMs, gap });
  }

  private get isAlternate(): boolean {
    const { active, alt } = this.inside._bufferService.buffers;
    return active === alt;
  }

  private passTime(atMs: number): void {
    // Never within a millisecond: how its bytes were spread over events must make no difference.
    if (atMs <= this.nowMs) return;
    if (this.isAlternate && (atMs - this.nowMs >= stillMs || atMs - this.lastLookMs >= lookMs)) {
      this.look();
      this.lastLookMs = atMs;
    }
    this.nowMs = atMs;
  }

  private typed(data: Uint8Array): void {
    const { active } = this.inside._bufferService.buffers;
    if (data.length > 0 && !this.isAlternate) this.commands.typed(active, entersIn(data));
  }

  private resize(data: string): void {
    const size = readSize(data);
    if (size === null || !isPossible(size)) return;
    const now = this.screen.size;
    this.resizedCells += cellsOfAnyResize + now.cols * now.rows + size.cols * size.rows;
    if (this.resizedCells > resizedCellsAtMost) {
      this.fail();
      return;
    }
    const { normal } = this.inside._bufferService.buffers;
    const before = screenLines(normal, this.inside._bufferService.rows);
    this.screen.resize(size);
    const after = screenLines(normal, this.inside._bufferService.rows).length;
    for (const line of before.slice(0, Math.max(before.length - after, 0))) this.tell(line);
  }

  private tell(line: string): void {
    if (line !== '') this.told.add({ t: this.nowMs, line });
  }

  private look(): void {
    const { rows, buffers } = this.inside._bufferService;
    this.spendReading();
    const lines = Array.from({ length: rows }, (_, row) => buffers.alt.lines.get(row)?.translateToString(true) ?? '');
    for (const line of this.alternate.look(lines.map((text) => text.trimEnd())))
      this.told.add({ t: this.nowMs, line, alternate: true });
  }

  private spendReading(): void {
    const { cols, rows } = this.screen.size;
    this.screen.cost.spend(Math.ceil((cols * rows) / readCells));
  }

  /** Lines that leave the screen at its top. */
  private followLines(): void {
    const service = this.inside._bufferService;
    const scroll = service.scroll.bind(service);
    service.scroll = (attributes, isWrapped) => {
      const { active, normal } = service.buffers;
      if (active === normal && normal.scrollTop === 0) this.leaves();
      scroll(attributes, isWrapped);
    };
    this.screen.terminal.onLineFeed(() => {
      if (this.isAlternate) return;
      const command = this.commands.lineLeft(service.buffers.active);
      if (command !== null) this.told.add({ t: this.nowMs, command });
    });
  }

  private leaves(): void {
    const { lines, ybase } = this.inside._bufferService.buffers.normal;
    const line = lines.get(ybase);
    if (line === undefined) return;
    if (!line.isWrapped) this.leaving = null;
    const goesOn = lines.length > 1 && lines.get(ybase + 1)?.isWrapped === true;
    const text = (this.leaving?.text ?? '') + line.translateToString(!goesOn);
    const t = this.leaving?.t ?? this.nowMs;
    this.leaving = null;
    if (goesOn && text.length < lineCharactersAtMost) this.leaving = { t, text };
    else if (text.trimEnd() !== '') this.told.add({ t, line: text.trimEnd() });
  }

  /** A screen that is erased, left or reset is read before. */
  private followErasures(): void {
    const { parser } = this.screen.terminal;
    const before = (matches: (first: number) => boolean) => (parameters: (number | number[])[]) => {
      if (parameters.some((parameter) => typeof parameter === 'number' && matches(parameter))) this.erase();
      return false;
    };
    const isHome = () => {
      const { x, y } = this.inside._bufferService.buffers.active;
      return x === 0 && y === 0;
    };
    parser.registerCsiHandler(
      { final: 'J' },
      before((first) => first === 2 || (first === 0 && isHome())),
    );
    const isSwitch = (mode: number) => mode === 47 || mode === 1047 || mode === 1049;
    parser.registerCsiHandler(
      { prefix: '?', final: 'l' },
      before((mode) => isSwitch(mode) && this.isAlternate),
    );
    parser.registerCsiHandler({ prefix: '?', final: 'h' }, (parameters) => {
      if (!this.isAlternate && parameters.some((mode) => typeof mode === 'number' && isSwitch(mode)))
        this.alternate.begin();
      return false;
    });
    parser.registerEscHandler({ final: 'c' }, () => {
      this.erase();
      return false;
    });
  }

  private erase(): void {
    if (this.nowMs - this.erasures.sinceMs >= erasureMs) this.erasures = { sinceMs: this.nowMs, count: 0 };
    this.erasures.count += 1;
    if (this.erasures.count > erasuresAtMost) return;
    if (this.isAlternate) this.look();
    else this.tellScreen();
  }

  private tellScreen(): void {
    const { rows, buffers } = this.inside._bufferService;
    this.spendReading();
    const lines = screenLines(buffers.normal, rows);
    const [first = '', ...others] = lines;
    // The end of a line whose beginning has left already.
    const whole = this.leaving === null ? lines : [this.leaving.text + first, ...others];
    this.leaving = null;
    for (const line of whole) if (!this.erased.has(line)) this.tell(line);
    this.erased = new Set(whole);
  }

  private tellRest(): void {
    if (this.isAlternate) this.look();
    this.tellScreen();
  }

  private followMarks(): void {
    this.screen.terminal.parser.registerOscHandler(133, (data) => {
      const told = this.isAlternate ? null : this.commands.mark(this.inside._bufferService.buffers.active, data);
      if (told !== null) this.told.add({ t: this.nowMs, ...told });
      return true;
    });
  }
}

const pasted = /\x1b\[200~[\s\S]*?(?:\x1b\[201~|$)/g;

/** Enters in typed bytes; line breaks inside of a bracketed paste are none. */
export function entersIn(data: Uint8Array): number {
  const typed = Buffer.from(data).toString('latin1').replace(pasted, '');
  return typed.match(/[\r\n]/g)?.length ?? 0;
}

/** The order in which a follower takes events of both streams: by time, and what was typed before what was shown in the same millisecond. */
export function inOrder<T extends Pick<RecordedEvent, 'atMs' | 'code'>>(events: readonly T[]): T[] {
  const rank = (event: T) => event.atMs * 2 + (event.code === 'i' ? 0 : 1);
  return [...events].sort((left, right) => rank(left) - rank(right));
}
