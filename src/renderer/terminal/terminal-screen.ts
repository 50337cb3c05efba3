import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebglAddon } from '@xterm/addon-webgl';
import { type IDisposable, Terminal } from '@xterm/xterm';
import { boundedInsideOf, boundSequences } from '../../shared/terminal/bounded-sequences.ts';
import { WholeCharacters } from '../../shared/utf8.ts';
import { makeStore, type Readable } from '../services/store.ts';
import { letterSpacing } from './cells.ts';
import { hasGraphicsHardware } from './graphics.ts';
import { readTerminalTheme, type Scheme } from './terminal-theme.ts';

export interface ScreenOptions {
  scheme: Scheme;
  fontSize: number;
  /** Fixed size in cells; null follows the room that the element has. */
  cells: { cols: number; rows: number } | null;
  /** Lines kept above the screen. */
  scrollback: number;
  /** True for keys that belong to the application and must not reach the terminal. */
  isReserved: (event: KeyboardEvent) => boolean;
}

/** Commit Mono is 15 px high at 13 px; the look wants lines of 17. */
const lineHeight = 1.14;

/**
 * Leaves the alternate screen, which a fresh one is not in. xterm otherwise draws no cursor before its first focus, and a screen that
 * ended never gets one.
 */
const showCursor = '\x1b[?47l';

export interface FindResult {
  index: number;
  count: number;
}

/**
 * xterm with our limits. What a target sends can draw and nothing else: its titles are not shown, OSC 8 links are not made,
 * OSC 52 has no handler, window operations stay off.
 */
export class TerminalScreen {
  readonly element = document.createElement('div');
  readonly findResult: Readable<FindResult | null>;
  /** The size in cells as text: "118 × 38". */
  readonly sizeText: Readable<string>;
  private readonly terminal: Terminal;
  private readonly characters = new WholeCharacters();
  private readonly fitAddon = new FitAddon();
  private readonly search = new SearchAddon({ highlightLimit: 2000 });
  private readonly findStore = makeStore<FindResult | null>(null);
  private readonly sizeStore = makeStore('');
  private readonly owned: IDisposable[] = [];
  private readonly follows: boolean;
  private webgl: WebglAddon | null = null;
  private webglRefused = !hasGraphicsHardware();
  private opened = false;
  private scheme: Scheme;
  private theme: ReturnType<typeof readTerminalTheme>;

  constructor(options: ScreenOptions) {
    this.scheme = options.scheme;
    this.theme = readTerminalTheme(options.scheme);
    this.follows = options.cells === null;
    this.findResult = this.findStore;
    this.sizeText = this.sizeStore;
    this.element.style.cssText = 'width:100%;height:100%';
    this.terminal = new Terminal({
      allowProposedApi: true,
      cols: options.cells?.cols ?? 80,
      rows: options.cells?.rows ?? 24,
      scrollback: options.scrollback,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-mono').trim() || 'monospace',
      fontSize: options.fontSize,
      letterSpacing: this.spacing(options.fontSize),
      lineHeight: lineHeight,
      fontWeight: 400,
      fontWeightBold: 700,
      cursorBlink: false,
      cursorStyle: 'block',
      cursorInactiveStyle: 'outline',
      rightClickSelectsWord: false,
      altClickMovesCursor: false,
      drawBoldTextInBrightColors: false,
      theme: this.theme,
    });
    this.terminal.loadAddon(this.fitAddon);
    this.terminal.loadAddon(this.search);
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = '11';
    boundSequences(this.terminal, boundedInsideOf(this.terminal));
    this.terminal.write(showCursor);
    this.owned.push(this.terminal.onResize(({ cols, rows }) => this.sizeStore.set(`${cols} × ${rows}`)));
    this.owned.push(this.terminal.parser.registerOscHandler(8, () => true));
    this.terminal.attachCustomKeyEventHandler((event) => !options.isReserved(event));
    this.owned.push(
      this.search.onDidChangeResults((result) =>
        this.findStore.set({ index: result.resultIndex, count: result.resultCount }),
      ),
    );
  }

  /** Puts the screen into `parent`. The first time also builds it, which needs the parent to be laid out. */
  attach(parent: HTMLElement): void {
    parent.append(this.element);
    if (!this.opened) {
      this.opened = true;
      this.terminal.open(this.element);
    }
  }

  /** The graphics renderer is the quick one on graphics hardware; browsers allow few of its contexts, so only a shown screen has one. */
  setShown(shown: boolean): void {
    if (!shown) {
      this.webgl?.dispose();
      this.webgl = null;
      return;
    }
    if (this.webgl !== null || this.webglRefused || !this.opened) return;
    try {
      const addon = new WebglAddon();
      addon.onContextLoss(() => {
        this.webglRefused = true;
        addon.dispose();
        this.webgl = null;
        this.terminal.options.letterSpacing = 0;
        this.fit();
      });
      this.terminal.loadAddon(addon);
      this.webgl = addon;
    } catch {
      // No graphics context: xterm's own renderer goes on.
      this.webglRefused = true;
    }
  }

  /** Takes the room that the element has; returns the size in cells, or null while it has none. */
  fit(): { cols: number; rows: number } | null {
    // Hidden, it has no room, and the addon would read "100%" as 100 pixels: a screen that is not shown keeps its size.
    if (!this.opened || !this.follows || this.element.clientWidth === 0) return null;
    const room = this.fitAddon.proposeDimensions();
    if (room === undefined || !Number.isFinite(room.cols) || !Number.isFinite(room.rows)) return null;
    if (room.cols < 2 || room.rows < 1) return null;
    if (room.cols !== this.terminal.cols || room.rows !== this.terminal.rows)
      this.terminal.resize(room.cols, room.rows);
    return { cols: room.cols, rows: room.rows };
  }

  resize(cols: number, rows: number): void {
    this.terminal.resize(cols, rows);
  }

  size(): { cols: number; rows: number } {
    return { cols: this.terminal.cols, rows: this.terminal.rows };
  }

  /** `done` is called when the bytes have been taken into the screen. */
  write(data: Uint8Array, done: () => void): void {
    const pieces = this.characters.push(data);
    const last = pieces.pop() ?? new Uint8Array(0);
    for (const piece of pieces) this.terminal.write(piece);
    this.terminal.write(last, done);
  }

  /** An empty screen with nothing in the scrollback and no mode left on. */
  reset(): void {
    this.characters.reset();
    this.terminal.reset();
    this.terminal.write(showCursor);
  }

  /** Typed and pasted text, as the target should get it. */
  onInput(listener: (data: Uint8Array) => void): void {
    const encoder = new TextEncoder();
    this.owned.push(this.terminal.onData((text) => listener(encoder.encode(text))));
    this.owned.push(this.terminal.onBinary((text) => listener(Uint8Array.from(text, (char) => char.charCodeAt(0)))));
  }

  onResize(listener: (size: { cols: number; rows: number }) => void): void {
    this.owned.push(this.terminal.onResize(listener));
  }

  onSelection(listener: () => void): void {
    this.owned.push(this.terminal.onSelectionChange(listener));
  }

  /** While false, keys and pastes go nowhere. */
  setInputAllowed(allowed: boolean): void {
    this.terminal.options.disableStdin = !allowed;
  }

  setScheme(scheme: Scheme): void {
    if (scheme === this.scheme) return;
    this.scheme = scheme;
    this.theme = readTerminalTheme(scheme);
    this.terminal.options.theme = this.theme;
    this.search.clearDecorations();
  }

  setFontSize(px: number): void {
    if (this.terminal.options.fontSize === px) return;
    this.terminal.options.fontSize = px;
    this.terminal.options.letterSpacing = this.spacing(px);
  }

  /** As if typed, in brackets when the program asked for that. */
  paste(text: string): void {
    this.terminal.paste(text);
  }

  selection(): string {
    return this.terminal.getSelection();
  }

  selectAll(): void {
    this.terminal.selectAll();
  }

  /** The cursor's row on the screen, from 0. */
  cursorRow(): number {
    return this.terminal.buffer.active.cursorY;
  }

  focus(): void {
    this.terminal.focus();
  }

  find(text: string, direction: 'next' | 'previous', incremental = false): void {
    const options = {
      incremental,
      decorations: {
        matchBackground: this.theme.mark,
        matchOverviewRuler: this.theme.markNow,
        activeMatchBackground: this.theme.markNow,
        activeMatchColorOverviewRuler: this.theme.markNow,
      },
    };
    // The hit that is looked at is the selection: while finding, the selection has the hit's colour.
    this.terminal.options.theme = text === '' ? this.theme : this.findTheme();
    if (text === '') this.clearFind();
    else if (direction === 'next') this.search.findNext(text, options);
    else this.search.findPrevious(text, options);
  }

  clearFind(): void {
    this.terminal.options.theme = this.theme;
    this.search.clearDecorations();
    this.terminal.clearSelection();
    this.findStore.set(null);
  }

  /** Only the graphics renderer cuts cells to whole pixels. */
  private spacing(fontSize: number): number {
    return this.webglRefused ? 0 : letterSpacing(fontSize, window.devicePixelRatio);
  }

  private findTheme() {
    const { markNow, markNowInk } = this.theme;
    return {
      ...this.theme,
      selectionBackground: markNow,
      selectionInactiveBackground: markNow,
      selectionForeground: markNowInk,
    };
  }

  /** All lines, scrollback included, wrapped ones joined, without trailing blanks. */
  text(): string {
    const buffer = this.terminal.buffer.active;
    const lines: string[] = [];
    for (let y = 0; y < buffer.length; y += 1) {
      const line = buffer.getLine(y);
      if (line === undefined) continue;
      const next = buffer.getLine(y + 1);
      const text = line.translateToString(next?.isWrapped !== true);
      if (line.isWrapped && lines.length > 0) lines.push(`${lines.pop() ?? ''}${text}`);
      else lines.push(text);
    }
    return lines.join('\n').trimEnd();
  }

  dispose(): void {
    for (const thing of this.owned.splice(0)) thing.dispose();
    this.terminal.dispose();
    this.element.remove();
  }
}
