import { describe, expect, it } from 'vitest';
import type { LocalRecording } from '../../../shared/protocol/ipc.ts';
import { groupRows, localRows, narrowRows, type Row } from './list-rows.ts';
import { makeRecording } from './make-recording.ts';

const now = new Date(2026, 10, 24, 14, 40).getTime();
const at = (date: number, hour: number) => new Date(2026, 10, date, hour).toISOString();
const recordings = [
  makeRecording('a', at(23, 10)),
  makeRecording('b', at(24, 10), { endReason: 'killed by Mira Okafor: wrong host' }),
  makeRecording('c', at(20, 10), {
    user: { id: 'priya', name: 'Priya Nair' },
    state: 'incomplete',
    because: 'the process stopped',
  }),
];
const local = (sessionId: string, state: LocalRecording['state']): LocalRecording => ({
  sessionId,
  targetName: 'pay-edge-12',
  login: 'ops',
  startedAtMs: new Date(2026, 10, 24, 12).getTime(),
  bytes: 10,
  state,
  problem: null,
});
const row = (recording: (typeof recordings)[number], here: LocalRecording | null = null): Row => ({
  sessionId: recording.sessionId,
  startedAtMs: Date.parse(recording.startedAt),
  recording,
  local: here,
});

describe('rows', () => {
  const rows = recordings.map((recording) => row(recording));
  const ids = (text: string) =>
    narrowRows(rows, text)
      .map((each) => each.sessionId)
      .join('');

  it('are narrowed by person, end, state and day, all words together', () => {
    expect([ids(''), ids('priya'), ids('mira'), ids('incomplete stopped'), ids('priya mira')]).toEqual([
      'abc',
      'c',
      'b',
      'c',
      '',
    ]);
  });

  it('stand by day, newest first, and what waits here before them all', () => {
    const waiting: Row = { sessionId: 'w', startedAtMs: null, recording: null, local: local('w', 'stuck') };
    const running: Row = { sessionId: 'r', startedAtMs: null, recording: null, local: local('r', 'running') };
    expect(
      groupRows([...rows, waiting, running], now).map((group) => [
        group.name,
        ...group.rows.map((each) => each.sessionId),
      ]),
    ).toEqual([
      ['On this computer', 'w'],
      ['Now', 'r'],
      ['Today', 'b'],
      ['Yesterday', 'a'],
      ['Friday 20 November', 'c'],
    ]);
  });

  it('of this computer carry what the store knows, and heed the filters', () => {
    const options = {
      known: recordings,
      listed: [recordings[1] ?? makeRecording('b', at(24, 10))],
      userName: 'Jonas',
      nowMs: now,
    };
    const got = (filters: Parameters<typeof localRows>[0]['filters']) =>
      localRows({ ...options, local: [local('a', 'sending'), local('b', 'sending'), local('x', 'waiting')], filters })
        .map((each) => `${each.sessionId}${each.recording === null ? '' : '+'}`)
        .join(' ');
    expect(got({})).toBe('a+ b+ x');
    // The answer holds b and not a; of x the store knows nothing.
    expect(got({ user: 'jon', when: { id: 'today' } })).toBe('b+ x');
    expect(got({ target: 'db' })).toBe('b+');
    expect(got({ reviewed: 'yes' })).toBe('b+');
  });
});
