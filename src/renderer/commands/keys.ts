import type { Command } from './command.ts';

/** What a key event says; a KeyboardEvent is one. */
export type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

/** A line of `Command.keys`, taken apart. */
interface Chord {
  ctrl: boolean;
  shift: boolean;
  alt: boolean;
  key: string;
}

const modifiers = ['Ctrl', 'Shift', 'Alt'];

function chordOf(keys: string): Chord {
  const parts = keys.split(' ');
  return {
    ctrl: parts.includes('Ctrl'),
    shift: parts.includes('Shift'),
    alt: parts.includes('Alt'),
    key: parts.at(-1) ?? '',
  };
}

/** Printed signs stand on other keys on other keyboards, often with Shift: there the sign counts, not Shift. */
function isSign(key: string): boolean {
  return key.length === 1 && !/[a-z0-9]/i.test(key);
}

function sameKey(key: string, press: KeyPress): boolean {
  if (/^[A-Z]$/i.test(key)) {
    // By the letter, and by the place where the keyboard has no Latin letters.
    return /^[a-z]$/i.test(press.key) ? press.key.toUpperCase() === key.toUpperCase() : press.code === `Key${key}`;
  }
  if (/^[0-9]$/.test(key)) return press.code === `Digit${key}` || press.code === `Numpad${key}`;
  if (key === 'Space') return press.code === 'Space' || press.key === ' ';
  return press.key === key || (!isSign(key) && press.code === key);
}

/** True when `press` is these keys. On macOS Ctrl is Command, but for Tab, which Command has taken. */
export function isPress(keys: string, press: KeyPress, mac: boolean): boolean {
  const chord = chordOf(keys);
  const command = mac && chord.key !== 'Tab';
  if (press.ctrlKey !== (chord.ctrl && !command) || press.metaKey !== (chord.ctrl && command)) return false;
  if (press.altKey !== chord.alt) return false;
  if (press.shiftKey !== chord.shift && !(isSign(chord.key) && !chord.shift)) return false;
  return sameKey(chord.key, press);
}

/** Keys that type or move where the focus is, so that they mean an action only where nothing takes them. */
export function isPlain(keys: string): boolean {
  const { ctrl, alt, key } = chordOf(keys);
  return !ctrl && !alt && !/^F[0-9]+$/.test(key);
}

/** Keys that a control with the focus takes for itself. */
export function isControlKey(keys: string): boolean {
  return /^(Space|Enter|Escape|Home|End|Page(Up|Down)|Arrow\w+)$/.test(chordOf(keys).key);
}

const shown: Readonly<Record<string, string>> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Enter: '↵',
  Escape: 'Esc',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
};
const shownOnMac: Readonly<Record<string, string>> = { Ctrl: '⌘', Shift: '⇧', Alt: '⌥' };

/** The caps of these keys, in order: ["Ctrl", "Shift", "D"], on macOS ["⌘", "⇧", "D"]. */
export function capsOf(keys: string, mac: boolean): string[] {
  return keys.split(' ').map((part, _, all) => {
    if (mac && part === 'Ctrl' && all.at(-1) === 'Tab') return '⌃';
    if (mac && shownOnMac[part] !== undefined) return shownOnMac[part];
    return shown[part] ?? (part.length === 1 ? part.toUpperCase() : part);
  });
}

/** One way to write the same keys. */
function canonical(keys: string): string {
  const chord = chordOf(keys);
  const held = modifiers.filter((name) => keys.split(' ').includes(name));
  return [...held, chord.key.length === 1 ? chord.key.toUpperCase() : chord.key].join(' ');
}

/** True when both can be heard at the same time: in one view, or one of them everywhere. */
function together(a: Command['group'], b: Command['group']): boolean {
  const view = (group: Command['group']) => (group === 'terminal' ? 'sessions' : group);
  return view(a) === view(b) || a === 'general' || b === 'general';
}

/** Pairs of commands that share keys where both could be meant; empty when all is well. */
export function conflicts(commands: readonly Command[]): string[] {
  const found: string[] = [];
  commands.forEach((one, at) => {
    for (const other of commands.slice(at + 1)) {
      if (!together(one.group, other.group)) continue;
      const shared = one.keys.map(canonical).filter((keys) => other.keys.map(canonical).includes(keys));
      for (const keys of shared) found.push(`${keys}: ${one.id}, ${other.id}`);
    }
  });
  return found;
}
