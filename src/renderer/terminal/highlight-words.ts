import type { IBuffer, IBufferCell, IDecoration, IMarker, Terminal } from '@xterm/xterm';
import { cellsOf, lineAt } from './screen-lines.ts';

export interface HighlightWord {
  word: string;
  /** "#rrggbb". */
  colour: string;
}

export interface WordMatch {
  from: number;
  to: number;
  colour: string;
}

/** Finds words in a line of text. */
export type WordFinder = (text: string) => WordMatch[];

/** Matches in one line; a line that is all matches is no text that is read. */
const matchesAtMost = 50;

/** A finder of whole words in any case. Of two that overlap the longer one counts. Null when there is nothing to find. */
export function makeWordFinder(words: readonly HighlightWord[]): WordFinder | null {
  const colours = new Map<string, string>();
  for (const { word, colour } of words) if (word.trim() !== '') colours.set(word.trim().toLowerCase(), colour);
  if (colours.size === 0) return null;
  const pattern = [...colours.keys()]
    .sort((one, other) => other.length - one.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
    .join('|');
  const whole = new RegExp(`(?<![\\p{L}\\p{M}\\p{N}_])(?:${pattern})(?![\\p{L}\\p{M}\\p{N}_])`, 'giu');
  return (text) => {
    const matches: WordMatch[] = [];
    for (const match of text.matchAll(whole)) {
      const colour = colours.get(match[0].toLowerCase());
      if (colour !== undefined) matches.push({ from: match.index, to: match.index + match[0].length, colour });
      if (matches.length >= matchesAtMost) break;
    }
    return matches;
  };
}

/** True where the program said nothing about how the cell looks: only such a cell is coloured. */
export function isPlain(cell: IBufferCell | undefined): boolean {
  return cell?.isFgDefault() === true && cell.isBgDefault() && cell.isInverse() === 0 && cell.isInvisible() === 0;
}

export interface Run {
  y: number;
  x: number;
  width: number;
  colour: string;
}

/** What is to be coloured in the line that row `y` belongs to, row by row. */
export function runsOf(
  buffer: IBuffer,
  y: number,
  find: WordFinder,
): { first: number; last: number; text: string; runs: Run[] } | null {
  const line = lineAt(buffer, y);
  if (line === null) return null;
  const runs: Run[] = [];
  for (const match of find(line.text)) {
    const cells = cellsOf(buffer, line, match.from, match.to);
    if (!cells.every((place) => isPlain(buffer.getLine(place.y)?.getCell(place.x)))) continue;
    for (const place of cells) {
      const last = runs.at(-1);
      if (last !== undefined && last.y === place.y && last.x + last.width === place.x && last.colour === match.colour)
        last.width += place.width;
      else runs.push({ y: place.y, x: place.x, width: place.width, colour: match.colour });
    }
  }
  return { ...line, runs };
}

interface Shown {
  marker: IMarker;
  /** What was coloured, as text: the same again needs nothing. */
  is: string;
  decorations: IDecoration[];
}

/** A screen is looked at when its output rests this long, and in a stream without rest this often. */
const restMs = 50;
const atLeastEveryMs = 500;

type Screen = Pick<Terminal, 'buffer' | 'rows' | 'registerMarker' | 'registerDecoration' | 'onRender' | 'onResize'>;

/**
 * Colours words on the rows that are on the screen, beside the path of the bytes: it looks at what is drawn, when that rests, and never
 * changes a cell. Nothing on the alternate screen: a program that owns the screen chooses its colours.
 */
export class Highlighter {
  private readonly terminal: Screen;
  private readonly listeners: { dispose(): void }[] = [];
  private find: WordFinder | null = null;
  private shown: Shown[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private lookedAt = 0;
  private active = true;

  constructor(terminal: Screen) {
    this.terminal = terminal;
    const soon = () => this.lookSoon();
    // A scroll is drawn too. `onScroll` would be heard once a line.
    this.listeners.push(terminal.onRender(soon), terminal.onResize(soon));
    this.listeners.push(terminal.buffer.onBufferChange(soon));
  }

  /** Other words; null colours none. */
  setWords(words: readonly HighlightWord[] | null): void {
    this.clear();
    this.find = words === null ? null : makeWordFinder(words);
    this.lookSoon();
  }

  /** A screen that nobody sees is not looked at. */
  setShown(shown: boolean): void {
    this.active = shown;
    if (shown) this.lookSoon();
  }

  dispose(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    for (const listener of this.listeners.splice(0)) listener.dispose();
    this.clear();
  }

  private lookSoon(): void {
    if (this.find === null || !this.active) return;
    const now = performance.now();
    // In a stream the last look is what counts, so that it is looked at now and then; the first after a rest waits for the rest.
    if (this.timer === null) this.lookedAt = now;
    else if (now - this.lookedAt < atLeastEveryMs) clearTimeout(this.timer);
    else return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.look();
    }, restMs);
  }

  /** Compares what is on the screen with what is coloured. */
  look(): void {
    const buffer = this.terminal.buffer.active;
    if (this.find === null || buffer.type === 'alternate') {
      this.clear();
      return;
    }
    const before = new Map(this.shown.map((one) => [one.marker.line, one]));
    const kept: Shown[] = [];
    const end = Math.min(buffer.viewportY + this.terminal.rows, buffer.length);
    for (let y = buffer.viewportY; y < end; ) {
      const line = runsOf(buffer, y, this.find);
      if (line === null) break;
      for (const [row, runs] of byRow(line.runs)) {
        const is = runs.map((run) => `${run.x} ${run.width} ${run.colour}`).join();
        const there = before.get(row);
        if (there !== undefined && there.is === is && !there.marker.isDisposed) {
          before.delete(row);
          kept.push(there);
        } else {
          const made = this.colour(row, runs, is);
          if (made !== null) kept.push(made);
        }
      }
      y = Math.max(line.last, y) + 1;
    }
    for (const gone of before.values()) forget(gone);
    this.shown = kept;
  }

  private colour(row: number, runs: readonly Run[], is: string): Shown | null {
    const buffer = this.terminal.buffer.active;
    const marker = this.terminal.registerMarker(row - buffer.baseY - buffer.cursorY);
    const decorations = runs.flatMap((run) => {
      const made = this.terminal.registerDecoration({
        marker,
        x: run.x,
        width: run.width,
        foregroundColor: run.colour,
        layer: 'top',
      });
      return made === undefined ? [] : [made];
    });
    return { marker, is, decorations };
  }

  private clear(): void {
    for (const one of this.shown.splice(0)) forget(one);
  }
}

function forget(shown: Shown): void {
  for (const decoration of shown.decorations) decoration.dispose();
  shown.marker.dispose();
}

function byRow(runs: readonly Run[]): Map<number, Run[]> {
  const rows = new Map<number, Run[]>();
  for (const run of runs) rows.set(run.y, [...(rows.get(run.y) ?? []), run]);
  return rows;
}
