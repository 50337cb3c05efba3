import { Unicode11Addon } from '@xterm/addon-unicode11/lib/addon-unicode11.mjs';
import { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import { colsAtMost, rowsAtMost } from '../../shared/record/terminal-size.ts';
import type { Keyframe } from '../text/cast.ts';
import { incompleteTail } from '../text/event-text.ts';
import { boundMarks } from './bounded-marks.ts';
import { boundSequences } from './bounded-sequences.ts';
import { DrawingCost, followCost } from './drawing-cost.ts';
import { keyframeText } from './keyframe.ts';
import type { LinkData } from './paint.ts';
import { differenceOf, type ScreenState, stateOf } from './screen-state.ts';
import { type Inside, insideOf } from './xterm-inside.ts';

/** A keyframe is never longer; a screen that would need more has none. */
const keyframeCharactersAtMost = 262_144;

/** A keyframe is made, drawn and compared at one go: of a larger screen, which would take more than a tenth of a second, there is none. */
export const keyframeCellsAtMost = 32_768;

/** Links that stand on the screen at a time; a further one is shown as text. So is one that is longer than links are. */
const linksAtMost = 4096;
const linkCharactersAtMost = 2083;

/** xterm's parser between two sequences. */
const groundState = 0;

const linesWhileResizing = 10_000;

/** The smallest size xterm knows. What is larger than any terminal is brought to the largest. */
const smallest = { cols: 2, rows: 1 };

/**
 * The screen that a recording's output draws: xterm.js of `terminalEngine`, widths of Unicode 11, and no scrollback, so that what is on the screen follows from
 * the output and the sizes alone. Synchronous; whoever feeds much of it gives way in between.
 */
export class ScreenModel {
  readonly terminal: Terminal;
  readonly inside: Inside;
  /** What drawing costs. */
  readonly cost = new DrawingCost();
  private pending: Uint8Array = new Uint8Array(0);
  private readonly links = new Map<number, LinkData>();
  private readonly linkNumbers = new Map<string, number>();
  private nextLink = 1;
  private readonly colors = new Map<number, string>();

  constructor(size: { cols: number; rows: number }) {
    this.terminal = new Terminal({ ...possibleSize(size), scrollback: 0, allowProposedApi: true, logLevel: 'off' });
    new Unicode11Addon().activate(this.terminal);
    this.terminal.unicode.activeVersion = '11';
    this.inside = insideOf(this.terminal);
    boundSequences(this.terminal, this.inside);
    followCost(this.terminal, this.inside, this.cost);
    boundMarks(this.inside, this.cost);
    this.followLinks();
    this.followColors();
  }

  get size(): { cols: number; rows: number } {
    return { cols: this.terminal.cols, rows: this.terminal.rows };
  }

  /** Draws bytes of the output stream, cut anywhere. May throw what xterm throws at what no terminal can do. */
  write(data: Uint8Array): void {
    // Whole characters: xterm's own decoder loses some that arrive in pieces.
    const all = this.pending.length === 0 ? data : Buffer.concat([this.pending, data]);
    const tail = incompleteTail(all);
    this.pending = all.slice(all.length - tail);
    if (all.length > tail) this.inside._inputHandler.parse(all.subarray(0, all.length - tail));
  }

  resize(size: { cols: number; rows: number }): void {
    const { cols, rows } = possibleSize(size);
    // Lines that wrap anew need room while they do; without any, xterm 6 loses count of its rows. What is then above the screen goes.
    this.terminal.options.scrollback = linesWhileResizing;
    this.terminal.resize(cols, rows);
    this.terminal.options.scrollback = 0;
    this.forgetBeyond({ cols, rows });
  }

  /**
   * xterm keeps tab stops, and in the alternate buffer cells, beyond the edge for the day the screen is wide again, and room for scrollback in an
   * alternate buffer that was not shown while the screen shrank. Here they go: what cannot be seen cannot be said in a keyframe.
   */
  private forgetBeyond({ cols, rows }: { cols: number; rows: number }): void {
    const { normal, alt } = this.inside._bufferService.buffers;
    for (const { tabs } of [normal, alt]) {
      for (const column of Object.keys(tabs).map(Number)) if (column >= cols) delete tabs[column];
    }
    for (let row = 0; row < alt.lines.length; row += 1) alt.lines.get(row)?.resize(cols, alt.getNullCell());
    if (alt.lines.length === 0) alt.lines.maxLength = rows;
  }

  state(): ScreenState {
    return stateOf(this.inside, this.linkOf, this.colors);
  }

  /**
   * The screen as it is now, or null where text cannot say it: inside a character or an escape sequence, on a very large screen, or in a state that no sequence of
   * sequences was found for. What is returned was tried: drawn on a fresh terminal it gives this state in every cell and every mode.
   */
  keyframe(): Keyframe | null {
    if (this.pending.length > 0 || this.inside._inputHandler._parser.currentState !== groundState) return null;
    if (this.size.cols * this.size.rows > keyframeCellsAtMost) return null;
    const state = this.state();
    const init = keyframeText(this.inside, this.linkOf, this.colors);
    if (init.length > keyframeCharactersAtMost) return null;
    const keyframe = { cols: state.cols, rows: state.rows, init };
    return this.differenceFrom(restoreScreen(keyframe), state) === null ? keyframe : null;
  }

  /** The first difference of this screen from another one, in words, or null. */
  differenceFrom(other: ScreenModel, own = this.state()): string | null {
    return differenceOf(own, other.state(), [this.linkOf, other.linkOf]);
  }

  private readonly linkOf = (id: number): LinkData | undefined => this.links.get(id);

  /**
   * OSC 8 kept here instead of in xterm, which holds a marker for each link and line for as long as the line stays: a target could open
   * millions on one line.
   */
  private followLinks(): void {
    this.terminal.parser.registerOscHandler(8, (data) => {
      const split = data.indexOf(';');
      if (split < 0) return true;
      const uri = data.slice(split + 1);
      const parameters = data.slice(0, split).trim();
      if (uri === '' && parameters !== '') return true;
      const id = parameters.split(':').find((parameter) => parameter.startsWith('id='));
      const attributes = this.inside._inputHandler._curAttrData;
      attributes.extended = attributes.extended.clone();
      attributes.extended.urlId = uri === '' ? 0 : this.linkNumber({ id: id?.slice(3) ?? '', uri });
      attributes.updateExtended();
      return true;
    });
  }

  /** 0, no link, for one that is too long or one too many. */
  private linkNumber(link: LinkData): number {
    if (link.id.length + link.uri.length > linkCharactersAtMost) return 0;
    const key = `${link.id};${link.uri}`;
    const known = this.linkNumbers.get(key);
    if (known !== undefined) return known;
    if (this.links.size >= linksAtMost) this.forgetLinks();
    if (this.links.size >= linksAtMost) return 0;
    const number = this.nextLink;
    this.nextLink += 1;
    this.links.set(number, link);
    this.linkNumbers.set(key, number);
    return number;
  }

  /** Forgets what nothing on either screen links to any more. By count alone: whether a keyframe was made must make no difference. */
  private forgetLinks(): void {
    const { normal, alt } = this.inside._bufferService.buffers;
    this.cost.spend(this.size.cols * this.size.rows);
    const used = new Set([this.inside._inputHandler._curAttrData.extended.urlId]);
    for (const { lines } of [normal, alt]) {
      for (let row = 0; row < lines.length; row += 1) {
        for (const extended of Object.values(lines.get(row)?._extendedAttrs ?? {})) used.add(extended?.urlId ?? 0);
      }
    }
    for (const [number, { id, uri }] of this.links) {
      if (used.has(number)) continue;
      this.links.delete(number);
      this.linkNumbers.delete(`${id};${uri}`);
    }
  }

  /** The palette is no part of a headless terminal, but of what a person sees. */
  private followColors(): void {
    this.inside._inputHandler.onColor((requests) => {
      for (const { type, index, color } of requests) {
        if (type === 1 && index !== undefined && color !== undefined)
          this.colors.set(index, `rgb:${color.map((part) => part.toString(16).padStart(2, '0')).join('/')}`);
        else if (type === 2 && index !== undefined) this.colors.delete(index);
        else if (type === 2) for (const at of [...this.colors.keys()]) if (at < 256) this.colors.delete(at);
      }
    });
  }
}

function possibleSize({ cols, rows }: { cols: number; rows: number }): { cols: number; rows: number } {
  return {
    cols: Math.min(Math.max(cols, smallest.cols), colsAtMost),
    rows: Math.min(Math.max(rows, smallest.rows), rowsAtMost),
  };
}

/** A terminal that shows a keyframe. */
export function restoreScreen({ cols, rows, init }: Keyframe): ScreenModel {
  const model = new ScreenModel({ cols, rows });
  model.write(Buffer.from(init, 'utf8'));
  return model;
}
