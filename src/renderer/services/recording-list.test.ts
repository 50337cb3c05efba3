import { describe, expect, it } from 'vitest';
import type { Result } from '../../shared/errors/result.ts';
import type { RecordingsQuery } from '../../shared/protocol/review-api.ts';
import { makeRecording } from '../features/recordings/make-recording.ts';
import { makeRecordingList, mergeNewest, type Page } from './recording-list.ts';

const at = (minute: number) => new Date(1_800_000_000_000 + minute * 60_000).toISOString();
const row = (minute: number) => makeRecording(`s${minute}`, at(minute));
const page = (minutes: number[], next: string | null): Page => ({ recordings: minutes.map(row), next, local: [] });
const ids = (recordings: readonly { sessionId: string }[] | null) =>
  recordings?.map((recording) => recording.sessionId.slice(1)).join(' ');

describe('the newest page over a list', () => {
  it('adds what is new, renews what it reaches, keeps what is older', () => {
    const before = page([9, 8, 7, 6, 5], 'five');
    const merged = mergeNewest(before, page([11, 10, 9, 7], 'seven'));
    expect(ids(merged.recordings)).toBe('11 10 9 7 6 5');
    expect(merged.next).toBe('five');
  });

  it('is all there is when nothing follows it', () => {
    expect(mergeNewest(page([9, 8], 'x'), page([10], null))).toEqual(page([10], null));
  });
});

describe('a list', () => {
  /** Answers when the test lets it. */
  function makeServer() {
    const asked: { query: RecordingsQuery; answer: (answer: Result<Page>) => void }[] = [];
    return {
      asked,
      fetch: (query: RecordingsQuery) => new Promise<Result<Page>>((resolve) => asked.push({ query, answer: resolve })),
      async answer(index: number, value: Page) {
        asked[index]?.answer({ ok: true, value });
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
  }

  it('pages, one page at a time', async () => {
    const server = makeServer();
    const list = makeRecordingList(server.fetch);
    list.ask({ user: 'pri' });
    await server.answer(0, page([9, 8], 'eight'));
    list.more();
    list.more();
    expect(server.asked.map((each) => each.query)).toEqual([
      { user: 'pri', limit: 200 },
      { user: 'pri', limit: 200, after: 'eight' },
    ]);
    await server.answer(1, page([8, 7], null));
    expect(ids(list.state.get().recordings)).toBe('9 8 7');
    list.more();
    expect(server.asked).toHaveLength(2);
  });

  it('drops the answer to a question that was replaced', async () => {
    const server = makeServer();
    const list = makeRecordingList(server.fetch, { mine: 'yes' });
    list.ask({});
    list.ask({ state: 'killed' });
    await server.answer(1, page([3], null));
    await server.answer(0, page([9, 8], null));
    expect(ids(list.state.get().recordings)).toBe('3');
    expect(server.asked[1]?.query).toEqual({ state: 'killed', mine: 'yes', limit: 200 });
  });

  it('drops a page of the question before', async () => {
    const server = makeServer();
    const list = makeRecordingList(server.fetch);
    list.ask({});
    await server.answer(0, page([9], 'nine'));
    list.more();
    list.ask({ held: 'yes' });
    await server.answer(2, page([2], null));
    await server.answer(1, page([8], null));
    expect(ids(list.state.get().recordings)).toBe('2');
  });

  it('keeps the rows when a refresh fails, and says why', async () => {
    const server = makeServer();
    const list = makeRecordingList(server.fetch);
    list.ask({});
    await server.answer(0, page([9], null));
    const refreshed = list.refresh();
    server.asked[1]?.answer({ ok: false, error: { code: 'SP-1003', message: 'no contact' } });
    await refreshed;
    expect(ids(list.state.get().recordings)).toBe('9');
    expect(list.state.get().problem?.code).toBe('SP-1003');
  });
});
