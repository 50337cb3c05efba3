import type { Settings } from '../../shared/protocol/ipc.ts';

const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Characters that nobody sees and that are text all the same: they turn its direction or hide in a word. */
const unseen =
  /[\p{Cf}\u2028\u2029\u115f\u1160\u3164\uffa0\u{e0000}-\u{e0fff}]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]|[\ufe00-\ufe0e]/gu;

/**
 * Pasted text without control characters: an escape inside it could end bracketed paste early and run what follows. Tabs and
 * line ends stay; line ends become "\n".
 */
export function sanitisePaste(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(controls, '');
}

/** True when pasting would run or enter more than one line: any line end asks. */
export function isMultiLine(text: string): boolean {
  return text.includes('\n');
}

/** The lines as the paste guard shows them, without an empty last one. */
export function pastedLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** What a paste is as one line: line ends and the blanks around them become one blank. */
export function asOneLine(text: string): string {
  return text.trim().replace(/\s*[\r\n]+\s*/g, ' ');
}

const names: Readonly<Record<number, string>> = {
  0: 'Null',
  3: 'Ctrl C',
  4: 'Ctrl D',
  7: 'Bell',
  8: 'Backspace',
  26: 'Ctrl Z',
  27: 'Escape',
  127: 'Delete',
  155: 'Control sequence',
  173: 'soft hyphen',
  8203: 'zero-width space',
  8204: 'zero-width non-joiner',
  8205: 'zero-width joiner',
  8206: 'left-to-right mark',
  8207: 'right-to-left mark',
  4447: 'Hangul filler',
  4448: 'Hangul filler',
  8232: 'line separator',
  8233: 'paragraph separator',
  8234: 'left-to-right embedding',
  8235: 'right-to-left embedding',
  8236: 'end of direction',
  8237: 'left-to-right override',
  8238: 'right-to-left override',
  8294: 'left-to-right isolate',
  8295: 'right-to-left isolate',
  8296: 'isolate',
  8297: 'end of isolate',
  12644: 'Hangul filler',
  65279: 'byte order mark',
  65440: 'Hangul filler',
};

function nameOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const plain = code < 0x20 ? `Ctrl ${String.fromCharCode(code + 64)}` : null;
  // The tag characters spell ASCII that nobody sees.
  if (code >= 0xe0000 && code <= 0xe007f) return 'tag character';
  return names[code] ?? plain ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Characters of one kind in a paste. */
export interface OddCharacter {
  name: string;
  count: number;
}

function counted(found: Iterable<string>): OddCharacter[] {
  const counts = new Map<string, number>();
  for (const char of found) counts.set(nameOf(char), (counts.get(nameOf(char)) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).sort((one, other) => other.count - one.count);
}

/** What a person does not see of a text: control characters, which are left out, and invisible ones, which are pasted. */
export function oddCharacters(raw: string): { leftOut: OddCharacter[]; unseen: OddCharacter[] } {
  const text = raw.replace(/\r\n?/g, '\n');
  return { leftOut: counted(text.match(controls) ?? []), unseen: counted(text.match(unseen) ?? []) };
}

/** The line with its invisible characters made visible, in pieces: `odd` ones are names, not text. */
export function visiblePieces(line: string): { text: string; odd: boolean }[] {
  const pieces: { text: string; odd: boolean }[] = [];
  let at = 0;
  for (const match of line.matchAll(unseen)) {
    if (match.index > at) pieces.push({ text: line.slice(at, match.index), odd: false });
    pieces.push({ text: nameOf(match[0]), odd: true });
    at = match.index + match[0].length;
  }
  if (at < line.length) pieces.push({ text: line.slice(at), odd: false });
  return pieces;
}

/** Whether a paste is shown before it reaches the target: more than a line, or what nobody sees in it. */
export function asksBeforePaste(raw: string, guard: Settings['pasteGuard'], production: boolean): boolean {
  if (guard === 'never' || (guard === 'production' && !production)) return false;
  if (isMultiLine(sanitisePaste(raw))) return true;
  const { leftOut, unseen: hidden } = oddCharacters(raw);
  return leftOut.length > 0 || hidden.length > 0;
}
