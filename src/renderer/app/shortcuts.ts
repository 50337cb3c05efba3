/** What a key can ask of the application; everything else belongs to the terminal or the field that has focus. */
export type Shortcut =
  | { do: 'next-tab' }
  | { do: 'previous-tab' }
  | { do: 'tab'; index: number }
  | { do: 'view'; index: number }
  | { do: 'new-session' }
  | { do: 'focus-tabs' }
  | { do: 'find' }
  | { do: 'copy' }
  | { do: 'paste' }
  | { do: 'disconnect' }
  | { do: 'reconnect' }
  | { do: 'replay' }
  | { do: 'close-tab' }
  | { do: 'font'; by: 1 | -1 | 0 }
  | { do: 'theme' }
  | { do: 'settings' }
  | { do: 'side-panel' }
  | { do: 'keys' };

export interface KeyContext {
  /** A session's terminal is what the keys would go to. */
  terminal: boolean;
  /** The session of the open tab has ended: keys that would have gone to the target are free. */
  ended: boolean;
}

type Key = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>;

const shiftedLetters: Readonly<Record<string, Shortcut>> = {
  KeyF: { do: 'find' },
  KeyC: { do: 'copy' },
  KeyV: { do: 'paste' },
  KeyX: { do: 'disconnect' },
  KeyT: { do: 'new-session' },
  KeyL: { do: 'theme' },
  KeyH: { do: 'keys' },
  ArrowUp: { do: 'focus-tabs' },
};

function digit(code: string): number | null {
  const match = /^(?:Digit|Numpad)([0-9])$/.exec(code);
  return match?.[1] === undefined ? null : Number(match[1]);
}

function withControlAndShift(event: Key, context: KeyContext): Shortcut | null {
  if (event.code === 'Tab') return { do: 'previous-tab' };
  if (event.code === 'KeyR') return context.ended ? { do: 'replay' } : null;
  if (event.key === '+') return { do: 'font', by: 1 };
  const number = digit(event.code);
  if (number !== null && number >= 1 && number <= 3) return { do: 'view', index: number - 1 };
  return shiftedLetters[event.code] ?? null;
}

function withControl(event: Key, context: KeyContext): Shortcut | null {
  if (event.code === 'Tab' || event.code === 'PageDown') return { do: 'next-tab' };
  if (event.code === 'PageUp') return { do: 'previous-tab' };
  if (event.key === '+' || event.key === '=') return { do: 'font', by: 1 };
  if (event.key === '-') return { do: 'font', by: -1 };
  const number = digit(event.code);
  if (number === 0) return { do: 'font', by: 0 };
  if (number !== null) return { do: 'tab', index: number - 1 };
  if (event.key === 'Enter' && context.ended) return { do: 'reconnect' };
  if (event.code === 'KeyW' && context.ended) return { do: 'close-tab' };
  if (context.terminal && !context.ended) return null;
  if (event.key === ',') return { do: 'settings' };
  if (event.key === '.') return { do: 'side-panel' };
  return null;
}

/** The application's meaning of a key, or null. Pure: the terminal asks it too, to leave these keys alone. */
export function shortcutOf(event: Key, context: KeyContext): Shortcut | null {
  if (event.metaKey || event.altKey) return null;
  if (event.key === 'F1' && (!context.terminal || context.ended)) return { do: 'keys' };
  if (!event.ctrlKey) return null;
  return event.shiftKey ? withControlAndShift(event, context) : withControl(event, context);
}
