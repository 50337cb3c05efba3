import { describe, expect, it } from 'vitest';
import type { RecordingView } from '../../../shared/model/recording.ts';
import type { SearchHit } from '../../../shared/model/review.ts';
import type { TargetView } from '../../../shared/model/target.ts';
import type { SessionView } from '../../../shared/protocol/ipc.ts';
import type { Command } from '../../commands/command.ts';
import { indexTargets } from '../targets/search.ts';
import { type Line, needsWords, type PaletteWorld, paletteGroups, sessionState } from './lines.ts';
import { matchWords, readQuery } from './match.ts';

const nowMs = Date.parse('2026-11-24T14:40:00Z');

function target(name: string, more: Partial<TargetView> = {}): TargetView {
  return {
    id: `t-${name}`,
    name,
    description: '',
    address: '10.0.0.1:22',
    labels: {},
    production: false,
    owner: null,
    route: 'relay',
    logins: ['deploy', 'postgres'].map((login, at) => ({
      name: login,
      isDefault: at === 0,
      credential: 'certificate',
    })),
    needs: [],
    hostKeyFingerprints: [],
    grantedBy: [],
    lastUsedAt: null,
    lock: null,
    unreachable: null,
    ...more,
  };
}

function command(id: string, title: string, more: Partial<Command> = {}): Command {
  return { id, title, group: 'general', keys: [], inTerminal: false, available: () => true, run: () => {}, ...more };
}

const session = { targetName: 'pay-db-03', login: 'deploy', production: true } as SessionView;
const tab = { key: 'k', sessionId: 's' } as PaletteWorld['tabs'][number]['tab'];

function world(more: Partial<PaletteWorld> = {}): PaletteWorld {
  return {
    index: indexTargets(['pay-db-03', 'hr-db-03', 'web-01', 'web-02', 'web-03', 'web-04'].map((name) => target(name))),
    favourites: ['t-web-01'],
    cover: null,
    tabs: [],
    commands: [command('theme.toggle', 'Dark or light', { keys: ['Ctrl Shift L'] }), command('keys.open', 'All keys')],
    hits: [],
    recordings: null,
    mayHistory: true,
    searches: [],
    me: 'jonas',
    inTerminal: false,
    opened: null,
    nowMs,
    ...more,
  };
}

const said = (line: Line) => `${line.lead}${line.name}${line.tail}`;
const shown = (mode: Parameters<typeof paletteGroups>[0], text: string, more: Partial<PaletteWorld> = {}) =>
  Object.fromEntries(paletteGroups(mode, text, world(more)).map((group) => [group.name, group.lines.map(said)]));

describe('paletteGroups', () => {
  it('keeps its groups in order and shows other logins where few targets match', () => {
    const groups = paletteGroups('all', 'db 03', world({ tabs: [{ tab, view: session, state: 'Recording' }] }));
    expect(groups.map((group) => group.name)).toEqual(['Connect', 'Open sessions', 'Actions']);
    expect(groups[0]?.lines.map(said)).toEqual(['pay-db-03 as deploy', 'pay-db-03 as postgres', 'hr-db-03 as deploy']);
    expect(groups[1]?.lines.map(said)).toEqual(['Switch to pay-db-03 as deploy', 'Open pay-db-03 in a split']);
    expect(groups[2]?.lines.map(said)).toEqual(['Add pay-db-03 to favourites']);
    expect(groups[0]?.lines[0]?.marks).toEqual([
      [4, 6],
      [7, 9],
    ]);
  });

  it('takes the login that is named, and shows the others of a target when asked', () => {
    expect(shown('all', 'web').Connect).toEqual(
      ['web-01', 'web-02', 'web-03', 'web-04'].map((name) => `${name} as deploy`),
    );
    expect(shown('all', 'web', { opened: 't-web-02' }).Connect?.slice(1, 3)).toEqual([
      'web-02 as deploy',
      'web-02 as postgres',
    ]);
    expect(shown('all', 'web-04 postgres').Connect?.[0]).toBe('web-04 as postgres');
  });

  it('begins with favourites and what was used, and offers no target that gives no login', () => {
    expect(shown('all', '').Connect).toEqual(['web-01 as deploy']);
    expect(shown('all', 'bare', { index: indexTargets([target('bare', { logins: [] })]) }).Connect ?? []).toEqual([]);
  });

  it('finds actions by their words, with the keys that work where the person is', () => {
    expect(shown('actions', 'light')).toEqual({ Actions: ['Dark or light'] });
    const one = command('x', 'Palette', { keys: ['Ctrl K', 'Ctrl Shift P'], inTerminal: ['Ctrl Shift P'] });
    const keys = (inTerminal: boolean) =>
      paletteGroups('actions', '', world({ commands: [one], inTerminal }))[0]?.lines[0]?.keys;
    expect([keys(false), keys(true)]).toEqual(['Ctrl K', 'Ctrl Shift P']);
    expect(shown('actions', '', { commands: [command('x', 'Not now', { available: () => false })] })).toEqual({});
  });

  it('finds actions by other words, and those of a session outside of one', () => {
    expect(shown('actions', 'theme')).toEqual({ Actions: ['Dark or light'] });
    let front = false;
    const each = { group: 'sessions', available: () => front } as const;
    const commands = [
      command('session.copy', 'Copy', each),
      command('session.disconnect', 'Disconnect', each),
      command('window.close', 'Close the window'),
    ];
    const lines = () => paletteGroups('actions', 'close', world({ commands }))[0]?.lines ?? [];
    expect(lines().map((line) => [line.name, line.note, line.act])).toEqual([
      ['Close the window', '', { do: 'command', id: 'window.close' }],
      ['Disconnect', 'in a session', { do: 'command', id: 'view.sessions' }],
    ]);
    front = true;
    expect(lines().map((line) => [line.note, line.act])).toEqual([
      ['', { do: 'command', id: 'window.close' }],
      ['', { do: 'command', id: 'session.disconnect' }],
    ]);
    expect(
      shown('actions', '', { commands: [command('session.x', 'X', { ...each, available: () => false })] }),
    ).toEqual({});
  });

  it('names people only where recordings of others may be seen', () => {
    const recordings = ['Jonas Lindqvist', 'Priya Nair', 'Priya Nair'].map(
      (name, at) =>
        ({
          user: { id: name === 'Priya Nair' ? 'priya' : 'jonas', name },
          startedAt: new Date(nowMs - at * 60_000).toISOString(),
        }) as RecordingView,
    );
    expect(shown('people', 'pri', { recordings })).toEqual({ People: ['Recordings of Priya Nair'] });
    expect(shown('people', '', { recordings: null })).toEqual({});
  });

  it('searches my history, and only where there is such a view', () => {
    const hit = {
      sessionId: 'r',
      text: 'systemctl restart nginx',
      marks: [[10, 17]],
      target: { id: 't', name: 'web-01', production: false },
      startedAt: new Date(nowMs).toISOString(),
      atMs: 0,
    } as unknown as SearchHit;
    expect(shown('history', 'restart', { hits: [hit] })).toEqual({
      'My history': ['systemctl restart nginx', 'Search my history for restart'],
    });
    expect(shown('history', '', { searches: ['vacuum'] })).toEqual({ 'My history': ['Search again for vacuum'] });
    expect(shown('history', 'restart', { hits: [hit], mayHistory: false })).toEqual({});
  });
});

describe('needsWords', () => {
  const at = (more: Partial<TargetView>, cover: PaletteWorld['cover'] = null) =>
    needsWords(target('t', more), 'deploy', cover, nowMs).note;
  it('says what stands before a connect, the worst first', () => {
    expect(at({})).toBe('Nothing more');
    expect(at({ needs: ['reason', 'ticket'] })).toBe('Needs a reason and a ticket');
    const cover = { reason: 'x', ticket: 'INC-1', untilMs: nowMs + 1000 };
    expect(at({ needs: ['reason', 'ticket'] }, cover)).toBe('Covered by INC-1');
    expect(at({ logins: [{ name: 'deploy', isDefault: true, credential: 'sealed-password' }] })).toBe(
      'Password reaches the endpoint',
    );
    const lock = { id: 'l', by: 'Mira Okafor', reason: '', at: '' };
    expect(at({ needs: ['reason'], lock })).toBe('Locked for you by Mira Okafor');
  });
});

describe('what is typed', () => {
  it('reads the sign that narrows', () => {
    expect(readQuery('> dark')).toEqual({ mode: 'actions', words: 'dark' });
    expect(readQuery('@')).toEqual({ mode: 'people', words: '' });
    expect(readQuery('/nginx reload ')).toEqual({ mode: 'history', words: 'nginx reload' });
    expect(readQuery(' db 03')).toEqual({ mode: 'all', words: 'db 03' });
  });

  it('marks the beginnings of words before anything inside one', () => {
    expect(matchWords('Go to targets', ['to'])).toEqual({ marks: [[3, 5]], score: 0 });
    expect(matchWords('Settings', ['ting'])).toEqual({ marks: [[3, 7]], score: 1 });
    expect(matchWords('a.b', ['.'])).toEqual({ marks: [[1, 2]], score: 1 });
    expect(matchWords('Settings', ['x'])).toBeNull();
  });

  it('says a state with the time that is left', () => {
    expect(sessionState({ word: 'Recording', tab: '41 min left' })).toBe('Recording, 41 min left');
    expect(sessionState({ word: 'Frozen', tab: 'Frozen 12 s' })).toBe('Frozen 12 s');
    expect(sessionState({ word: 'Recording', tab: '' })).toBe('Recording');
  });
});
