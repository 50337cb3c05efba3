import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Found, hitFrom, type ReplayHit, ReplaySearch, searchCandidates } from './replay-search.ts';

const hit = (line: number, atMs: number): ReplayHit => ({
  line,
  atMs,
  kind: 'line',
  text: `line ${line}`,
  marks: [[0, 4]],
});
const found = (hits: ReplayHit[], finished = true): Found => ({
  type: 'found',
  id: 1,
  total: hits.length,
  finished,
  hits,
});

describe('the search in a replay', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function makeSearch(answers: Record<string, Found>) {
    const asked: string[] = [];
    const search = new ReplaySearch(async (text) => {
      asked.push(text);
      return answers[text] ?? found([]);
    });
    return { search, asked, state: () => search.state.get() };
  }

  it('asks once for letters that follow each other, and keeps the hits of the last question', async () => {
    const { search, asked, state } = makeSearch({ tab: found([hit(3, 10)]), table: found([hit(4, 20), hit(9, 90)]) });
    search.setText('ta');
    search.setText('tab');
    search.setText('table ');
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toEqual(['table']);
    expect(state()).toMatchObject({ text: 'table ', asked: 'table', total: 2, index: -1 });
    search.setText('');
    expect(state()).toMatchObject({ text: '', hits: [], index: -1 });
  });

  it('drops an answer to what is no longer asked', async () => {
    let answerOld = (_found: Found) => {};
    const search = new ReplaySearch((text) =>
      text === 'old'
        ? new Promise((resolve) => {
            answerOld = resolve;
          })
        : Promise.resolve(found([hit(2, 20)])),
    );
    search.setText('old');
    await vi.advanceTimersByTimeAsync(200);
    search.setText('new');
    await vi.advanceTimersByTimeAsync(200);
    answerOld(found([hit(1, 10), hit(3, 30)]));
    await vi.advanceTimersByTimeAsync(0);
    expect(search.state.get()).toMatchObject({ asked: 'new', total: 1 });
  });

  it('steps from where we are, and round the ends', async () => {
    const { search, state } = makeSearch({ x: found([hit(1, 100), hit(2, 200), hit(3, 300)]) });
    search.setText('x');
    // At once, before the letters have settled.
    expect(await search.step(1, 150)).toMatchObject({ atMs: 200 });
    expect(await search.step(1, 0)).toMatchObject({ atMs: 300 });
    expect(await search.step(1, 0)).toMatchObject({ atMs: 100 });
    expect(await search.step(-1, 0)).toMatchObject({ atMs: 300 });
    expect(state().index).toBe(2);
    search.setText('nothing');
    expect(await search.step(1, 0)).toBeNull();
  });

  it('asks again while the recording is still being read, and stays at its hit', async () => {
    const answers: Record<string, Found> = { x: found([hit(5, 500)], false) };
    const { search, asked, state } = makeSearch(answers);
    search.setText('x');
    await search.step(1, 0);
    answers.x = found([hit(1, 100), hit(5, 500)], true);
    search.moreWasRead(false);
    expect(asked).toHaveLength(1);
    search.moreWasRead(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(state()).toMatchObject({ total: 2, finished: true, index: 1 });
    search.moreWasRead(true);
    expect(asked).toHaveLength(2);
  });

  it('opens at the hit nearest to a moment, by the longest word where the words do not follow each other', async () => {
    const { search, asked, state } = makeSearch({ systemctl: found([hit(1, 100), hit(2, 800)]) });
    expect(await search.open('restart systemctl', 700)).toMatchObject({ atMs: 800 });
    expect(asked).toEqual(['restart systemctl', 'systemctl']);
    expect(state()).toMatchObject({ text: 'systemctl', index: 1 });
  });

  it('reads what a search over many recordings was given', () => {
    expect(searchCandidates('drop table')).toEqual(['drop table', 'table']);
    expect(searchCandidates('"drop table" settlement')).toEqual(['drop table settlement', 'drop table', 'settlement']);
    expect(searchCandidates(' ')).toEqual([]);
  });

  it('finds the hit before and after a place', () => {
    const hits = [hit(1, 100), hit(2, 200)];
    expect([hitFrom(hits, 100, 1), hitFrom(hits, 101, 1), hitFrom(hits, 201, 1)]).toEqual([0, 1, 0]);
    expect([hitFrom(hits, 100, -1), hitFrom(hits, 101, -1), hitFrom(hits, 999, -1)]).toEqual([1, 0, 1]);
    expect(hitFrom([], 0, 1)).toBe(-1);
  });
});
