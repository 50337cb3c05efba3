import type { ITheme } from '@xterm/xterm';

export type Scheme = 'dark' | 'light';

export type TerminalTheme = ITheme & {
  mark: string;
  markNow: string;
  markNowInk: string;
  /** Colours of words that are looked for in output. */
  tones: Record<'strict' | 'press' | 'accent' | 'held', string>;
};

/** The colours of a terminal in a scheme, read from the tokens, so that they are written in one place only. */
export function readTerminalTheme(scheme: Scheme): TerminalTheme {
  const probe = document.createElement('div');
  probe.dataset.theme = scheme;
  probe.hidden = true;
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const theme = {
    background: token('--term-bg'),
    foreground: token('--term-fg'),
    cursor: token('--term-cursor'),
    cursorAccent: token('--term-bg'),
    selectionBackground: token('--term-select'),
    // Inverse text keeps its own ink otherwise, which is the selection's colour nearly.
    selectionForeground: token('--term-fg'),
    black: scheme === 'dark' ? token('--wall-3') : token('--wall-4'),
    brightBlack: token('--term-dim'),
    red: token('--a-red'),
    brightRed: token('--a-red'),
    green: token('--a-green'),
    brightGreen: token('--a-green'),
    yellow: token('--a-yellow'),
    brightYellow: token('--a-yellow'),
    blue: token('--a-blue'),
    brightBlue: token('--a-blue'),
    magenta: token('--a-magenta'),
    brightMagenta: token('--a-magenta'),
    cyan: token('--a-cyan'),
    brightCyan: token('--a-cyan'),
    white: token('--term-fg'),
    brightWhite: token('--a-white'),
    scrollbarSliderBackground: token('--wall-4'),
    scrollbarSliderHoverBackground: token('--line-2'),
    scrollbarSliderActiveBackground: token('--line-3'),
    mark: token('--mark'),
    markNow: token('--mark-now'),
    markNowInk: token('--mark-now-ink'),
    tones: {
      strict: token('--strict'),
      press: token('--press'),
      accent: token('--accent'),
      held: token('--held'),
    },
  };
  probe.remove();
  return theme;
}
