import { describe, expect, it } from 'vitest';
import type { SearchHit } from '../../../shared/model/review.ts';
import { groupHits, markedPieces, notSearchedWords, startOfShown, withoutEchoes } from './hit-groups.ts';
import { findOf, searchedWords, withSearch } from './search-words.ts';

const hit = (sessionId: string, atMs: number): SearchHit => ({
  sessionId,
  user: { id: 'u', name: 'U' },
  target: { id: 't', name: 't', production: false },
  login: 'l',
  startedAt: '2026-11-24T10:00:00Z',
  atMs,
  kind: 'command',
  text: 'sudo systemctl restart nginx',
  marks: [
    [5, 14],
    [15, 22],
  ],
});

describe('hits', () => {
  it('stand under their recording, in the order in which they came', () => {
    const groups = groupHits([hit('b', 1), hit('a', 5), hit('b', 9)]);
    expect(groups.map((group) => [group.sessionId, ...group.hits.map((each) => each.hit.atMs)])).toEqual([
      ['b', 1, 9],
      ['a', 5],
    ]);
    expect(new Set(groups.flatMap((group) => group.hits.map((each) => each.key))).size).toBe(3);
  });

  it('do not say the echo of a command as output', () => {
    const line = (sessionId: string, text: string): SearchHit => ({ ...hit(sessionId, 7), kind: 'output', text });
    const kept = withoutEchoes(
      [
        line('a', 'deploy@web:~$ sudo systemctl restart nginx '),
        line('b', 'deploy@web:~$ sudo systemctl restart nginx'),
        line('a', 'sudo systemctl restart nginx: not permitted'),
      ],
      [hit('a', 1), { ...hit('a', 2), text: ' ' }],
    );
    expect(kept.map((each) => [each.sessionId, each.text])).toEqual([
      ['b', 'deploy@web:~$ sudo systemctl restart nginx'],
      ['a', 'sudo systemctl restart nginx: not permitted'],
    ]);
  });

  it('are marked, whatever the marks say', () => {
    const shown = (text: string, marks: SearchHit['marks']) =>
      markedPieces(text, marks)
        .map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
        .join('');
    expect(shown('restart nginx', [[0, 7]])).toBe('[restart] nginx');
    expect(
      shown('aXbX', [
        [3, 4],
        [1, 2],
      ]),
    ).toBe('a[X]b[X]');
    expect(
      shown('abc', [
        [1, 3],
        [2, 9],
      ]),
    ).toBe('a[bc]');
    expect(shown('abc', [])).toBe('abc');
  });

  it('show their first mark however far it is in the line', () => {
    expect(startOfShown([[10, 12]])).toBe(0);
    expect(
      startOfShown([
        [200, 210],
        [90, 92],
      ]),
    ).toBe(66);
    expect(startOfShown([])).toBe(0);
  });

  it('say what was not searched', () => {
    expect(notSearchedWords({ pending: 0, closed: 0 }, false)).toBeNull();
    expect(notSearchedWords({ pending: 1, closed: 1200 }, false)).toBe(
      'Not searched: 1 recording whose text is not in the index yet, 1,200 recordings whose text you may not open.',
    );
  });
});

describe('search words', () => {
  it('are blanks apart, and a phrase is one', () => {
    expect(searchedWords('a "b c" d')).toEqual(['a', 'b c', 'd']);
  });

  it('become one run of characters for a replay', () => {
    expect(findOf('restart', hit('a', 1))).toBe('restart');
    expect(findOf('"systemctl restart"', hit('a', 1))).toBe('systemctl restart');
    expect(findOf('systemctl restart', hit('a', 1))).toBe('systemctl restart');
    expect(findOf('restart systemctl', hit('a', 1))).toBe('systemctl');
  });

  it('are remembered newest first, each once', () => {
    expect(withSearch(['b', 'Vacuum'], ' vacuum ')).toEqual(['vacuum', 'b']);
    expect(withSearch(['b'], 'x')).toEqual(['b']);
    expect(
      withSearch(
        Array.from({ length: 20 }, (_, index) => `s${index}`),
        'new',
      ),
    ).toHaveLength(20);
  });
});
