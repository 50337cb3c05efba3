import { describe, expect, it } from 'vitest';
import { shortcutOf } from './shortcuts.ts';

function key(text: string): Parameters<typeof shortcutOf>[0] {
  const parts = text.split(' ');
  const name = parts.at(-1) ?? '';
  const code = /^[a-z]$/i.test(name) ? `Key${name.toUpperCase()}` : /^[0-9]$/.test(name) ? `Digit${name}` : name;
  return {
    key: name,
    code,
    ctrlKey: parts.includes('Ctrl'),
    shiftKey: parts.includes('Shift'),
    altKey: parts.includes('Alt'),
    metaKey: false,
  };
}

const running = { terminal: true, ended: false };
const ended = { terminal: true, ended: true };
const elsewhere = { terminal: false, ended: false };

describe('shortcutOf', () => {
  it.each([
    ['Ctrl Tab', { do: 'next-tab' }],
    ['Ctrl Shift Tab', { do: 'previous-tab' }],
    ['Ctrl PageDown', { do: 'next-tab' }],
    ['Ctrl PageUp', { do: 'previous-tab' }],
    ['Ctrl 1', { do: 'tab', index: 0 }],
    ['Ctrl 9', { do: 'tab', index: 8 }],
    ['Ctrl 0', { do: 'font', by: 0 }],
    ['Ctrl =', { do: 'font', by: 1 }],
    ['Ctrl -', { do: 'font', by: -1 }],
    ['Ctrl Shift F', { do: 'find' }],
    ['Ctrl Shift C', { do: 'copy' }],
    ['Ctrl Shift V', { do: 'paste' }],
    ['Ctrl Shift X', { do: 'disconnect' }],
    ['Ctrl Shift L', { do: 'theme' }],
    ['Ctrl Shift H', { do: 'keys' }],
    ['Ctrl Shift 3', { do: 'view', index: 2 }],
  ])('%s works inside a running terminal', (text, shortcut) => {
    expect(shortcutOf(key(text), running)).toEqual(shortcut);
  });

  it.each([
    'Ctrl c',
    'Ctrl d',
    'Ctrl w',
    'Ctrl r',
    'Ctrl v',
    'Ctrl Enter',
    'Ctrl ,',
    'Ctrl .',
    'F1',
    'Alt 1',
    'a',
    'Ctrl Shift R',
  ])('%s belongs to the target while its session runs', (text) => {
    expect(shortcutOf(key(text), running)).toBeNull();
  });

  it('frees keys when the session has ended', () => {
    expect(shortcutOf(key('Ctrl Enter'), ended)).toEqual({ do: 'reconnect' });
    expect(shortcutOf(key('Ctrl w'), ended)).toEqual({ do: 'close-tab' });
    expect(shortcutOf(key('Ctrl Shift R'), ended)).toEqual({ do: 'replay' });
    expect(shortcutOf(key('F1'), ended)).toEqual({ do: 'keys' });
  });

  it('knows settings, details and keys outside the terminal', () => {
    expect(shortcutOf(key('Ctrl ,'), elsewhere)).toEqual({ do: 'settings' });
    expect(shortcutOf(key('Ctrl .'), elsewhere)).toEqual({ do: 'side-panel' });
    expect(shortcutOf(key('F1'), elsewhere)).toEqual({ do: 'keys' });
  });
});
