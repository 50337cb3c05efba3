import { describe, expect, it } from 'vitest';
import type { AppState } from '../../shared/protocol/ipc.ts';
import type { Services } from '../services/services.tsx';
import { makeStore } from '../services/store.ts';
import { type Command, makeCommands } from './command.ts';
import { commandFor, type KeyContext, keysToShow } from './dispatch.ts';
import { capsOf, conflicts, isPress, type KeyPress } from './keys.ts';
import { sessionCommands } from './session-commands.ts';
import { runFromMain } from './use-commands.ts';
import { windowCommands } from './window-commands.ts';

function press(text: string): KeyPress {
  const parts = text.split(' ');
  const name = parts.at(-1) ?? '';
  const code = /^[a-z]$/i.test(name) ? `Key${name.toUpperCase()}` : /^[0-9]$/.test(name) ? `Digit${name}` : name;
  return {
    key: name === 'Space' ? ' ' : name,
    code,
    ctrlKey: parts.includes('Ctrl'),
    shiftKey: parts.includes('Shift'),
    altKey: parts.includes('Alt'),
    metaKey: parts.includes('Meta'),
  };
}

function command(id: string, keys: string[], more: Partial<Command> = {}): Command {
  return { id, title: id, group: 'general', keys, inTerminal: false, available: () => true, run: () => {}, ...more };
}

const elsewhere: KeyContext = { mac: false, terminal: false, typing: false, control: false, dialog: false };
const running: KeyContext = { ...elsewhere, terminal: true };

/** The window's own commands over a session in the given state; `state` null: no session. */
function table(state: 'open' | 'ended' | null): Command[] {
  const view = { id: 's', sessionId: 'x', openedAtMs: 1, state: { state } };
  const tabs = state === null ? [] : [{ key: 't', sessionId: 's', earlier: [] }];
  const services = {
    app: { state: makeStore<AppState | null>(null) },
    navigation: { place: makeStore({ view: 'sessions' }) },
    sessions: {
      tabs: makeStore({ tabs, activeKey: 't' }),
      sessions: makeStore(new Map(state === null ? [] : [['s', view]])),
    },
  } as unknown as Services;
  return [...windowCommands(services, ['targets', 'sessions', 'history', 'recordings']), ...sessionCommands(services)];
}

const meant = (text: string, commands: readonly Command[], context: KeyContext) =>
  commandFor(press(text), commands, context)?.id ?? null;

describe('commandFor', () => {
  it.each([
    ['Ctrl Tab', 'session.next'],
    ['Ctrl Shift Tab', 'session.previous'],
    ['Ctrl PageDown', 'session.next'],
    ['Ctrl PageUp', 'session.previous'],
    ['Ctrl 1', 'session.tab-1'],
    ['Ctrl 0', 'text.reset'],
    ['Ctrl =', 'text.larger'],
    ['Ctrl Shift +', 'text.larger'],
    ['Ctrl -', 'text.smaller'],
    ['Ctrl Shift F', 'session.find'],
    ['Ctrl Shift C', 'session.copy'],
    ['Ctrl Shift V', 'session.paste'],
    ['Ctrl Shift X', 'session.disconnect'],
    ['Ctrl Shift ArrowUp', 'session.focus-tabs'],
    ['Ctrl Shift L', 'theme.toggle'],
    ['Ctrl Shift H', 'keys.open'],
    ['Ctrl Shift T', 'session.new'],
    ['Ctrl Shift 4', 'view.recordings'],
    ['Ctrl Shift P', 'palette.open'],
  ])('%s works inside a running terminal', (text, id) => {
    expect(meant(text, table('open'), running)).toBe(id);
  });

  it.each([
    ...['Ctrl c', 'Ctrl d', 'Ctrl w', 'Ctrl r', 'Ctrl v', 'Ctrl k', 'Ctrl Enter', 'Ctrl ,', 'Ctrl .'],
    ...['F1', 'Alt 1', 'a', '?', 'Ctrl Shift R'],
  ])('%s belongs to the target while its session runs', (text) => {
    expect(meant(text, table('open'), running)).toBeNull();
  });

  it('frees keys when the session has ended', () => {
    const ended: KeyContext = { ...elsewhere, typing: true };
    expect(meant('Ctrl Enter', table('ended'), ended)).toBe('session.reconnect');
    expect(meant('Ctrl w', table('ended'), ended)).toBe('session.close-tab');
    expect(meant('Ctrl Shift R', table('ended'), ended)).toBe('session.replay');
    expect(meant('F1', table('ended'), ended)).toBe('keys.open');
  });

  it('knows palette, settings, details and keys outside the terminal', () => {
    expect(meant('Ctrl k', table(null), elsewhere)).toBe('palette.open');
    expect(meant('Ctrl ,', table(null), elsewhere)).toBe('view.settings');
    expect(meant('Ctrl .', table(null), elsewhere)).toBe('panel.toggle');
    expect(meant('Shift ?', table(null), elsewhere)).toBe('keys.open');
    expect(meant('Shift ?', table(null), { ...elsewhere, typing: true })).toBeNull();
  });

  it('leaves plain keys to fields, and Enter, blank and arrows to what takes them', () => {
    const commands = [command('play', ['Space'], { group: 'replay' }), command('skip', ['I'], { group: 'replay' })];
    expect(meant('Space', commands, elsewhere)).toBe('play');
    expect(meant('Space', commands, { ...elsewhere, control: true })).toBeNull();
    expect(meant('i', commands, { ...elsewhere, control: true })).toBe('skip');
    expect(meant('i', commands, { ...elsewhere, typing: true })).toBeNull();
    expect(meant('i', commands, running)).toBeNull();
  });

  it('keeps what lies under a dialog out of reach', () => {
    const commands = [command('reconnect', ['Ctrl Enter'], { group: 'sessions' }), command('look', ['Ctrl Shift L'])];
    expect(meant('Ctrl Enter', commands, { ...elsewhere, dialog: true })).toBeNull();
    expect(meant('Ctrl Shift L', commands, { ...elsewhere, dialog: true })).toBe('look');
    expect(meant('Ctrl k', table(null), { ...elsewhere, dialog: true })).toBeNull();
  });

  it('takes Command for Ctrl on macOS, also in a terminal, and Control only with Tab', () => {
    const mac: KeyContext = { ...running, mac: true };
    expect(meant('Meta k', table('open'), mac)).toBe('palette.open');
    expect(meant('Ctrl k', table('open'), mac)).toBeNull();
    expect(meant('Ctrl Tab', table('open'), mac)).toBe('session.next');
  });

  it('prefers the command of the view to one that holds everywhere', () => {
    const commands = [command('there', ['Ctrl .'], { group: 'replay' }), command('everywhere', ['Ctrl .'])];
    expect(meant('Ctrl .', commands, elsewhere)).toBe('there');
  });
});

describe('keys', () => {
  it('finds no two commands of one view under the same keys', () => {
    expect(conflicts(table('open'))).toEqual([]);
    const shared = [command('a', ['Shift Ctrl d']), command('b', ['Ctrl Shift D'], { group: 'replay' })];
    expect(conflicts(shared)).toEqual(['Ctrl Shift D: a, b']);
    expect(conflicts([command('a', ['I'], { group: 'replay' }), command('b', ['I'], { group: 'targets' })])).toEqual(
      [],
    );
  });

  it('goes by the place of a letter where the keyboard has no Latin ones', () => {
    expect(isPress('Ctrl K', { ...press('Ctrl k'), key: 'л', code: 'KeyK' }, false)).toBe(true);
    expect(isPress('Ctrl Q', { ...press('Ctrl a'), key: 'a', code: 'KeyQ' }, false)).toBe(false);
  });

  it('shows the caps, and in a terminal the keys that work there', () => {
    expect(capsOf('Ctrl Shift ArrowUp', false)).toEqual(['Ctrl', 'Shift', '↑']);
    expect(capsOf('Ctrl Shift K', true)).toEqual(['⌘', '⇧', 'K']);
    const palette = command('p', ['Ctrl K', 'Ctrl Shift P'], { inTerminal: ['Ctrl Shift P'] });
    expect(keysToShow(palette, false)).toBe('Ctrl K');
    expect(keysToShow(palette, true)).toBe('Ctrl Shift P');
  });
});

describe('makeCommands', () => {
  it('lets a later registration stand in for an earlier one as long as it lasts', () => {
    const commands = makeCommands();
    const ran: string[] = [];
    commands.register([command('a', [], { run: () => ran.push('first') })]);
    const away = commands.register([command('a', [], { run: () => ran.push('second') })]);
    expect(commands.run('a')).toBe(true);
    away();
    commands.run('a');
    commands.register([command('a', [], { run: () => ran.push('base') })], 'base');
    commands.run('a');
    expect(commands.run('nothing')).toBe(false);
    expect(ran).toEqual(['second', 'first', 'first']);
  });
});

describe('runFromMain', () => {
  function fake() {
    const did: string[] = [];
    const services = {
      sessions: {
        tabs: makeStore({ tabs: [{ key: 't', sessionId: 's', earlier: [] }], activeKey: null }),
        show: (key: string) => did.push(`show ${key}`),
      },
      navigation: { go: (view: string) => did.push(`go ${view}`) },
      commands: { run: (id: string) => did.push(`run ${id}`) },
    } as unknown as Services;
    return { did, services };
  }

  it('shows the session that a notification is about', () => {
    const { did, services } = fake();
    runFromMain(services, { id: 'session.show', session: 's' });
    expect(did).toEqual(['show t', 'go sessions']);
  });

  it('runs a command, in the session that it is for', () => {
    const { did, services } = fake();
    runFromMain(services, { id: 'palette.open', session: null });
    runFromMain(services, { id: 'session.disconnect', session: 's' });
    expect(did).toEqual(['run palette.open', 'show t', 'go sessions', 'run session.disconnect']);
  });

  it('does nothing for a session that has gone meanwhile', () => {
    const { did, services } = fake();
    runFromMain(services, { id: 'session.disconnect', session: 'gone' });
    expect(did).toEqual([]);
  });
});
