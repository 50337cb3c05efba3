import type { Problem, Result } from '../../shared/errors/result.ts';
import type { RecordingView } from '../../shared/model/recording.ts';
import type { LocalRecording } from '../../shared/protocol/ipc.ts';
import type { RecordingsQuery } from '../../shared/protocol/review-api.ts';
import { makeStore, type Readable } from './store.ts';

export interface Page {
  recordings: RecordingView[];
  next: string | null;
  local: LocalRecording[];
}

/** Asks for one page; what it brings is known everywhere afterwards. */
export type FetchPage = (query: RecordingsQuery) => Promise<Result<Page>>;

export interface ListState {
  /** Newest first, as far as pages were fetched; null until the first has come. */
  recordings: RecordingView[] | null;
  /** There are more, from here on. */
  next: string | null;
  /** The first page of this question is under way, and what is shown answers another one or nothing. */
  loading: boolean;
  loadingMore: boolean;
  problem: Problem | null;
}

/** Recordings in answer to one question at a time. */
export interface RecordingList {
  readonly state: Readable<ListState>;
  /** Asks another question, or the same again. The rows stay until the answer is there. */
  ask(query: RecordingsQuery): void;
  /** The next page, if there is one and none is under way. `limit`: at most so many rows of it. */
  more(limit?: number): void;
  /** The newest page again, without moving what was fetched before. */
  refresh(): Promise<void>;
}

const pageSize = 200;

/**
 * The newest page over an older list: rows of the page's reach are the page's, older ones stay. Pure. Returns what `next` is then as well.
 */
export function mergeNewest(
  before: Pick<ListState, 'recordings' | 'next'>,
  page: Pick<Page, 'recordings' | 'next'>,
): Pick<ListState, 'recordings' | 'next'> {
  const last = page.recordings.at(-1);
  if (page.next === null || last === undefined || before.recordings === null) return page;
  const fetched = new Set(page.recordings.map((recording) => recording.sessionId));
  const reach = Date.parse(last.startedAt);
  const older = before.recordings.filter(
    (recording) => !fetched.has(recording.sessionId) && Date.parse(recording.startedAt) < reach,
  );
  return older.length === 0 ? page : { recordings: [...page.recordings, ...older], next: before.next };
}

/** A list that pages; an answer to a question that was replaced meanwhile is dropped. */
export function makeRecordingList(fetchPage: FetchPage, fixed: RecordingsQuery = {}): RecordingList {
  const state = makeStore<ListState>({
    recordings: null,
    next: null,
    loading: false,
    loadingMore: false,
    problem: null,
  });
  let question: RecordingsQuery = fixed;
  /** Counts the questions: an answer of an earlier one is not for this one. */
  let asked = 0;
  let refreshing = false;
  let again = false;

  const first = async () => {
    asked += 1;
    const mine = asked;
    state.update((now) => ({ ...now, loading: true, loadingMore: false }));
    const answer = await fetchPage({ ...question, limit: pageSize });
    if (mine !== asked) return;
    state.update((now) =>
      answer.ok
        ? {
            recordings: answer.value.recordings,
            next: answer.value.next,
            loading: false,
            loadingMore: false,
            problem: null,
          }
        : { ...now, loading: false, problem: answer.error },
    );
  };

  const refresh = async () => {
    if (state.get().recordings === null) {
      if (!state.get().loading) await first();
      return;
    }
    if (refreshing) {
      again = true;
      return;
    }
    refreshing = true;
    const mine = asked;
    const answer = await fetchPage({ ...question, limit: pageSize });
    refreshing = false;
    if (mine === asked)
      state.update((now) =>
        answer.ok ? { ...now, ...mergeNewest(now, answer.value), problem: null } : { ...now, problem: answer.error },
      );
    if (again) {
      again = false;
      await refresh();
    }
  };

  return {
    state,
    ask(query) {
      const next = { ...query, ...fixed };
      const same = JSON.stringify(next) === JSON.stringify(question);
      question = next;
      // One that is under way may have been asked without contact, or for another person: it is asked anew.
      if (same && state.get().recordings !== null && !state.get().loading) void refresh();
      else void first();
    },
    more(limit = pageSize) {
      const { next, loading, loadingMore } = state.get();
      if (next === null || loading || loadingMore) return;
      const mine = asked;
      state.update((now) => ({ ...now, loadingMore: true }));
      void fetchPage({ ...question, after: next, limit }).then((answer) => {
        if (mine !== asked) return;
        state.update((now) => {
          if (!answer.ok) return { ...now, loadingMore: false, problem: answer.error };
          const there = new Set((now.recordings ?? []).map((recording) => recording.sessionId));
          const added = answer.value.recordings.filter((recording) => !there.has(recording.sessionId));
          return {
            ...now,
            recordings: [...(now.recordings ?? []), ...added],
            next: answer.value.next,
            loadingMore: false,
            problem: null,
          };
        });
      });
    },
    refresh,
  };
}
