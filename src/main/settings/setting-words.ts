import type { Settings } from '../../shared/protocol/ipc.ts';

/** How a setting is called in a sentence's beginning. */
const words: Readonly<Record<keyof Settings, string>> = {
  theme: 'The theme',
  density: 'The density of rows',
  fontSize: 'The terminal’s font size',
  cursor: 'The shape of the cursor',
  scrollback: 'The number of lines that a terminal keeps',
  copyOnSelect: 'Copy on select',
  pasteGuard: 'The question before a paste of several lines',
  highlight: 'Colouring of words',
  highlightWords: 'The list of coloured words',
  screenReader: 'The terminal’s screen reader mode',
  renderer: 'The way terminals are drawn',
  notify: 'Notifications',
  tray: 'The icon beside the clock',
};

export function settingWords(name: string): string {
  return Object.entries(words).find(([key]) => key === name)?.[1] ?? 'This setting';
}
