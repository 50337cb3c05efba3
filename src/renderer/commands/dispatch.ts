import type { Command } from './command.ts';
import { isControlKey, isPlain, isPress, type KeyPress } from './keys.ts';

/** Where the keys would go if no command took them. */
export interface KeyContext {
  mac: boolean;
  /** The terminal of a session that has not ended has the focus. */
  terminal: boolean;
  /** What has the focus takes text. */
  typing: boolean;
  /** What has the focus takes Enter, blank, Esc or arrows for itself: a button, a tab, a list. */
  control: boolean;
  /** A dialog is open: what lies under it is out of reach. */
  dialog: boolean;
}

/** True when these keys of the command mean it although a running session's terminal has the focus. */
export function holdsInTerminal(command: Command, keys: string): boolean {
  return command.inTerminal === true || (Array.isArray(command.inTerminal) && command.inTerminal.includes(keys));
}

/** A dialog and the palette over it would both hear Esc. */
const notOverDialogs = new Set(['palette.open']);

function heard(command: Command, keys: string, context: KeyContext): boolean {
  if (context.dialog && (command.group !== 'general' || isPlain(keys) || notOverDialogs.has(command.id))) return false;
  if (context.terminal) {
    // Command and a key never reach a shell on macOS.
    const commandKey = context.mac && keys.startsWith('Ctrl ') && !keys.endsWith(' Tab');
    return !isPlain(keys) && (commandKey || holdsInTerminal(command, keys));
  }
  if (!isPlain(keys)) return true;
  return !context.typing && !(context.control && isControlKey(keys));
}

/**
 * The command that a key means, or null: then it belongs to the terminal, the field or the control that has the focus. A view's own command goes before
 * one that holds everywhere.
 */
export function commandFor(press: KeyPress, commands: readonly Command[], context: KeyContext): Command | null {
  let found: Command | null = null;
  for (const command of commands) {
    const meant = command.keys.some((keys) => isPress(keys, press, context.mac) && heard(command, keys, context));
    if (!meant || !command.available()) continue;
    if (found === null || command.group !== 'general') found = command;
  }
  return found;
}

/** The keys to show for a command: the first that would be heard in a terminal, or the first; null where it has none. */
export function keysToShow(command: Command, inTerminal: boolean): string | null {
  if (!inTerminal) return command.keys[0] ?? null;
  return command.keys.find((keys) => holdsInTerminal(command, keys)) ?? null;
}

const textual =
  'input:not([type="checkbox"]):not([type="radio"]):not([type="button"]), textarea, select, [contenteditable="true"]';
const taking =
  'button, a[href], summary, input, [role="button"], [role="tab"], [role="option"], [role="slider"], [role="menuitem"], [role="radio"], [role="listbox"], [role="tree"], [role="grid"]';

/** Reads the page: where is the focus, is a dialog open? `ended`: the session in front has ended, so its terminal takes no keys. */
export function keyContext(page: Document, options: { mac: boolean; ended: boolean }): KeyContext {
  const focused = page.activeElement;
  const inXterm = focused?.closest('.xterm') != null;
  return {
    mac: options.mac,
    terminal: inXterm && !options.ended,
    typing: focused?.matches(textual) === true && !inXterm,
    control: focused?.matches(taking) === true,
    dialog: page.querySelector('[role="dialog"][aria-modal="true"]') !== null,
  };
}
