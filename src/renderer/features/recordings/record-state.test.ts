import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../shared/errors/result.ts';
import { makeRecording } from './make-recording.ts';
import { bodyOf, noteOf, type Shown } from './record-state.ts';

const problem: Problem = { code: 'SP-1003', message: 'No answer.' };
const state: Shown['rows']['state'] = { recordings: [], next: null, loading: false, loadingMore: false, problem: null };
const half = { hits: [], more: false, notSearched: { pending: 2, closed: 0 } };

function makeShown(rest: Partial<Shown>, rows: Partial<Shown['rows']['state']> = {}, offline = false): Shown {
  return {
    inText: false,
    words: '',
    filters: {},
    search: { answer: null, searching: false, problem: null },
    rows: { state: { ...state, ...rows }, all: [], offline },
    mine: false,
    count: 0,
    ...rest,
  };
}
const rows = [makeRecording('a', '2026-11-24T10:00:00Z')];

describe('what stands in the place of a list', () => {
  it.each([
    ['loading', makeShown({}, { recordings: null })],
    ['problem', makeShown({}, { recordings: null, problem })],
    ['empty', makeShown({})],
    ['filtered', makeShown({ filters: { state: 'killed' } })],
    ['filtered', makeShown({ words: 'x' })],
    // There is more to look through.
    ['loading', makeShown({ words: 'x' }, { next: 'further' })],
    ['list', makeShown({ count: 1 }, { recordings: null, problem })],
    ['loading', makeShown({ inText: true, words: 'xy' })],
    ['problem', makeShown({ inText: true, words: 'xy', search: { answer: null, searching: false, problem } })],
    [
      'not-found',
      makeShown({
        inText: true,
        words: 'xy',
        search: { answer: { command: half, output: null, text: 'xy' }, searching: false, problem: null },
      }),
    ],
  ] as const)('%s', (is, shown) => expect(bodyOf(shown).is).toBe(is));

  it('says what it lacks', () => {
    expect(noteOf(makeShown({}, { recordings: rows }))).toBeNull();
    expect(noteOf(makeShown({}, { recordings: rows }, true))).toMatch(/^No contact with the server/);
    expect(noteOf(makeShown({}, { recordings: rows, problem }))).toBe('Not up to date. No answer. SP-1003');
    expect(noteOf(makeShown({ words: 'x' }, { recordings: rows, next: 'further' }))).toMatch(/^Looking further back/);
    const answer = { command: null, output: half, text: 'xy' };
    expect(
      noteOf(makeShown({ inText: true, words: 'xy', search: { answer, searching: false, problem: null } })),
    ).toMatch(/^Not searched: 2 recordings/);
  });
});
