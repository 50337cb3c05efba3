import { SearchAddon } from '@xterm/addon-search';
import type { Terminal } from '@xterm/xterm';
import { makeStore, type Readable } from '../services/store.ts';
import type { TerminalTheme } from './terminal-theme.ts';

/** `index` from 0, or -1 where there are more hits than are counted; `broken`: the text is no regular expression. */
export interface FindResult {
  index: number;
  count: number;
  broken: boolean;
}

export interface FindHow {
  caseSensitive: boolean;
  wholeWord: boolean;
  regex: boolean;
}

export const findPlainly: FindHow = { caseSensitive: false, wholeWord: false, regex: false };

/** Hits that are counted and coloured. */
export const hitsAtMost = 2000;

function isRegex(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** Finds on a screen and in its scrollback. */
export class ScreenFind {
  readonly result: Readable<FindResult | null>;
  private readonly store = makeStore<FindResult | null>(null);
  private readonly search = new SearchAddon({ highlightLimit: hitsAtMost });
  private readonly terminal: Terminal;
  private theme: TerminalTheme;
  private how: FindHow = findPlainly;

  constructor(terminal: Terminal, theme: TerminalTheme) {
    this.terminal = terminal;
    this.theme = theme;
    this.result = this.store;
    terminal.loadAddon(this.search);
    // Goes with the addon, which goes with the terminal.
    this.search.onDidChangeResults((result) =>
      this.store.set({ index: result.resultIndex, count: result.resultCount, broken: false }),
    );
  }

  setTheme(theme: TerminalTheme): void {
    this.theme = theme;
    this.search.clearDecorations();
  }

  find(text: string, direction: 'next' | 'previous', how: FindHow, incremental: boolean): void {
    if (text === '') {
      this.clear();
      return;
    }
    if (how.regex && !isRegex(text)) {
      this.clear();
      this.store.set({ index: -1, count: 0, broken: true });
      return;
    }
    // The addon counts again for another text only, not for another way to look for the same.
    if (how !== this.how) this.search.clearDecorations();
    this.how = how;
    // The hit that is looked at is the selection: while finding, the selection has the hit's colour.
    this.terminal.options.theme = this.findTheme();
    const options = {
      ...how,
      incremental,
      decorations: {
        matchBackground: this.theme.mark,
        matchOverviewRuler: this.theme.markNow,
        activeMatchBackground: this.theme.markNow,
        activeMatchColorOverviewRuler: this.theme.markNow,
      },
    };
    if (direction === 'next') this.search.findNext(text, options);
    else this.search.findPrevious(text, options);
  }

  clear(): void {
    this.terminal.options.theme = this.theme;
    this.search.clearDecorations();
    if (this.store.get() !== null) this.terminal.clearSelection();
    this.store.set(null);
  }

  private findTheme(): TerminalTheme {
    const { markNow, markNowInk } = this.theme;
    return {
      ...this.theme,
      selectionBackground: markNow,
      selectionInactiveBackground: markNow,
      selectionForeground: markNowInk,
    };
  }
}
