import { FitAddon } from '@xterm/addon-fit';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { type IDisposable, Terminal } from '@xterm/xterm';
import { defaultSettings, type Settings } from '../../shared/protocol/ipc.ts';
import { boundedInsideOf, boundSequences } from '../../shared/terminal/bounded-sequences.ts';
import { WholeCharacters } from '../../shared/utf8.ts';
import { makeStore, type Readable, type Store } from '../services/store.ts';
import { Highlighter } from './highlight-words.ts';
import { provideLinks } from './link-provider.ts';
import { ScreenCommands } from './screen-commands.ts';
import { type FindHow, type FindResult, findPlainly, ScreenFind } from './screen-find.ts';
import { ScreenGraphics } from './screen-graphics.ts';
import { textBetween } from './screen-lines.ts';
import { type ScreenLink, ScreenLinks } from './screen-links.ts';
import { readTerminalTheme, type Scheme, type TerminalTheme } from './terminal-theme.ts';

/** The settings that a screen follows while it lives. */
export type ScreenSettings = Pick<
  Settings,
  'cursor' | 'fontSize' | 'highlight' | 'highlightWords' | 'renderer' | 'screenReader' | 'scrollback'
>;

export interface ScreenOptions {
  scheme: Scheme;
  fontSize: number;
  /** Fixed size in cells; null follows the room that the element has. */
  cells: { cols: number; rows: number } | null;
  /** Lines kept above the screen. */
  scrollback: number;
  /** What else it follows from its first moment; `apply` changes it. */
  settings?: ScreenSettings;
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

/** What a double click stops at: brackets, quotes, lists, pipes and the lines of tables. Paths, hosts with ports, addresses and options stay whole. */
const wordSeparator = ' ()[]{}<>\'"`,;|\u2502\u2503\u2551';

/**
 * xterm with our limits. What a target sends can draw and nothing else: its titles are not shown, a link is text until the person asks for it,
 * OSC 52 has no handler, window operations stay off.
 */
export class TerminalScreen {
  readonly element = document.createElement('div');
  readonly findResult: Readable<FindResult | null>;
  /** The size in cells as text: "118 × 38". */
  readonly sizeText: Readable<string>;
  /** Commands and links of a screen that follows its room; a replay's screen has others. */
  readonly commands: ScreenCommands | null;
  readonly links: ScreenLinks;
  /** The link that the person asked for; whoever answers sets it back to null. */
  readonly linkAsked: Store<ScreenLink | null> = makeStore<ScreenLink | null>(null);
  /** Whether the list of links is open. */
  readonly linksListed: Store<boolean> = makeStore(false);
  private readonly terminal: Terminal;
  private readonly characters = new WholeCharacters();
  private readonly fitAddon = new FitAddon();
  private readonly finder: ScreenFind;
  private readonly highlighter: Highlighter | null;
  private readonly graphics: ScreenGraphics;
  private readonly sizeStore = makeStore('');
  private readonly owned: IDisposable[] = [];
  private readonly follows: boolean;
  private opened = false;
  private shown = false;
  private settings: ScreenSettings;
  private scheme: Scheme;
  private theme: TerminalTheme;

  constructor(options: ScreenOptions) {
    this.scheme = options.scheme;
    this.theme = readTerminalTheme(options.scheme);
    this.follows = options.cells === null;
    this.sizeText = this.sizeStore;
    this.settings = options.settings ?? { ...defaultSettings, fontSize: options.fontSize, highlight: false };
    this.element.style.cssText = 'width:100%;height:100%';
    this.terminal = new Terminal({
      allowProposedApi: true,
      cols: options.cells?.cols ?? 80,
      rows: options.cells?.rows ?? 24,
      scrollback: options.scrollback,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-mono').trim() || 'monospace',
      fontSize: options.fontSize,
      letterSpacing: 0,
      lineHeight: lineHeight,
      fontWeight: 400,
      fontWeightBold: 700,
      cursorBlink: false,
      cursorStyle: this.settings.cursor,
      cursorInactiveStyle: 'outline',
      rightClickSelectsWord: false,
      altClickMovesCursor: false,
      drawBoldTextInBrightColors: false,
      screenReaderMode: this.settings.screenReader,
      wordSeparator,
      theme: this.theme,
    });
    this.terminal.loadAddon(this.fitAddon);
    this.graphics = new ScreenGraphics(this.terminal, () => this.fit());
    this.finder = new ScreenFind(this.terminal, this.theme);
    this.findResult = this.finder.result;
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = '11';
    boundSequences(this.terminal, boundedInsideOf(this.terminal));
    this.terminal.write(showCursor);
    this.owned.push(this.terminal.onResize(({ cols, rows }) => this.sizeStore.set(`${cols} × ${rows}`)));
    this.links = new ScreenLinks(this.terminal);
    this.commands = this.follows ? new ScreenCommands(this.terminal) : null;
    this.highlighter = this.follows ? new Highlighter(this.terminal) : null;
    this.colourWords();
    this.terminal.attachCustomKeyEventHandler((event) => !options.isReserved(event));
    if (this.follows)
      this.owned.push(provideLinks(this.terminal, this.links, this.element, (link) => this.linkAsked.set(link)));
  }

  /** Puts the screen into `parent`, which may be in another window. The first time also builds it, which needs the parent to be laid out. */
  attach(parent: HTMLElement): void {
    const from = this.element.ownerDocument;
    const followed = this.atBottom();
    parent.append(this.element);
    if (!this.opened) {
      this.opened = true;
      this.terminal.open(this.element);
      if (this.shown) this.draw();
    } else if (this.element.ownerDocument !== from) {
      this.moved();
      if (followed) this.terminal.scrollToBottom();
    }
  }

  /** Whether its last lines are shown, which it goes on to show then. */
  private atBottom(): boolean {
    const { viewportY, baseY } = this.terminal.buffer.active;
    return viewportY >= baseY;
  }

  /** Call when the element has come into another window: its graphics, its pixels and its room are that window's. `attach` does it itself. */
  moved(): void {
    if (!this.opened) return;
    // Opened again, xterm takes over the window that it finds itself in.
    this.terminal.open(this.element);
    this.graphics.drop();
    if (this.shown) this.draw();
    this.fit();
    this.terminal.refresh(0, this.terminal.rows - 1);
  }

  setShown(shown: boolean): void {
    this.shown = shown;
    this.highlighter?.setShown(shown);
    if (shown) this.draw();
    else this.graphics.hide();
  }

  /** Follows other settings at once. */
  apply(settings: ScreenSettings): void {
    const before = this.settings;
    this.settings = settings;
    const { options } = this.terminal;
    // Set what is new only: xterm does work for each.
    if (options.cursorStyle !== settings.cursor) options.cursorStyle = settings.cursor;
    if (this.follows && options.scrollback !== settings.scrollback) options.scrollback = settings.scrollback;
    if (options.screenReaderMode !== settings.screenReader) options.screenReaderMode = settings.screenReader;
    if (before.renderer !== settings.renderer && this.shown) this.draw();
    if (before.highlight !== settings.highlight || before.highlightWords !== settings.highlightWords)
      this.colourWords();
    if (this.follows) this.setFontSize(settings.fontSize);
    if (this.shown) this.fit();
  }

  /** How a screen reader calls the place where one types. */
  setLabel(text: string): void {
    this.terminal.textarea?.setAttribute('aria-label', text);
  }

  /** What draws it now. */
  drawnBy(): 'graphics' | 'plain' {
    return this.graphics.drawnBy();
  }

  private draw(): void {
    if (this.opened) this.graphics.draw(this.settings.renderer);
  }

  private colourWords(): void {
    const { highlight, highlightWords } = this.settings;
    this.highlighter?.setWords(
      highlight ? highlightWords.map(({ word, tone }) => ({ word, colour: this.theme.tones[tone] })) : null,
    );
  }

  /** Takes the room that the element has; returns the size in cells, or null while it has none. */
  fit(): { cols: number; rows: number } | null {
    // Hidden, it has no room, and the addon would read "100%" as 100 pixels: a screen that is not shown keeps its size.
    if (!this.opened || !this.follows || this.element.clientWidth === 0) return null;
    const room = this.fitAddon.proposeDimensions();
    if (room === undefined || !Number.isFinite(room.cols) || !Number.isFinite(room.rows)) return null;
    if (room.cols < 2 || room.rows < 1) return null;
    if (room.cols !== this.terminal.cols || room.rows !== this.terminal.rows) {
      const followed = this.atBottom();
      this.terminal.resize(room.cols, room.rows);
      if (followed) this.terminal.scrollToBottom();
    }
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
    this.finder.setTheme(this.theme);
    this.colourWords();
  }

  setFontSize(px: number): void {
    if (this.terminal.options.fontSize === px) return;
    this.terminal.options.fontSize = px;
    this.graphics.space();
  }

  /** As if typed, in brackets when the program asked for that. */
  paste(text: string): void {
    this.terminal.paste(text);
  }

  /** The selected text: wrapped lines joined, without blanks at the ends of lines. */
  selection(): string {
    return this.terminal.getSelection().replace(/[ \t]+(?=\r?\n|$)/g, '');
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

  find(text: string, direction: 'next' | 'previous', how: FindHow = findPlainly, incremental = false): void {
    this.finder.find(text, direction, how, incremental);
  }

  clearFind(): void {
    this.finder.clear();
  }

  /** All lines, scrollback included, wrapped ones joined, without trailing blanks. */
  text(): string {
    const buffer = this.terminal.buffer.active;
    return textBetween(buffer, 0, buffer.length - 1).trimEnd();
  }

  dispose(): void {
    this.graphics.hide();
    this.commands?.dispose();
    this.highlighter?.dispose();
    this.links.dispose();
    for (const thing of this.owned.splice(0)) thing.dispose();
    this.terminal.dispose();
    this.element.remove();
  }
}
