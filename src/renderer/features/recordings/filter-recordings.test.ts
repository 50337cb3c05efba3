import { describe, expect, it } from 'vitest';
import type { RecordingView } from '../../../shared/model/recording.ts';
import { filterRecordings } from './filter-recordings.ts';

function makeRecording(sessionId: string, startedAt: string, rest: Partial<RecordingView> = {}): RecordingView {
  return {
    sessionId,
    startedAt,
    user: { id: 'jonas', name: 'Jonas Lindqvist' },
    device: { id: 'd', name: 'd' },
    target: { id: 't', name: 'pay-db-03', address: '10.0.0.1:22', production: true },
    login: 'deploy',
    route: 'relay',
    credential: 'certificate',
    reason: null,
    endedAt: null,
    durationMs: null,
    state: 'complete',
    because: null,
    endReason: 'exit 0',
    killedBy: null,
    evidence: 'recorder-only',
    wire: null,
    segments: [],
    bytes: 0,
    journal: null,
    mayUnlock: [],
    review: {
      reviewed: null,
      hold: null,
      bookmarks: 0,
      findings: { open: 0, closed: 0, worst: null },
      may: { review: false, hold: false },
    },
    ...rest,
  };
}

describe('filterRecordings', () => {
  const list = [
    makeRecording('a', '2026-11-23T10:00:00Z'),
    makeRecording('b', '2026-11-24T10:00:00Z', { endReason: 'killed by Mira Okafor: wrong host' }),
    makeRecording('c', '2026-11-22T10:00:00Z', {
      user: { id: 'priya', name: 'Priya Nair' },
      state: 'incomplete',
      because: 'the process stopped',
    }),
  ];
  const ids = (query: string) =>
    filterRecordings(list, query)
      .map((recording) => recording.sessionId)
      .join('');

  it('shows the newest first', () => expect(ids('')).toBe('bac'));

  it('finds by person, end, state and day, all words together', () => {
    expect([ids('priya'), ids('mira'), ids('incomplete stopped'), ids('2026-11-23'), ids('priya mira')]).toEqual([
      'c',
      'b',
      'c',
      'a',
      '',
    ]);
  });
});
