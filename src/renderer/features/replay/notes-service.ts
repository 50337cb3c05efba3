import type { Problem, Result } from '../../../shared/errors/result.ts';
import type { Severity } from '../../../shared/model/review.ts';
import type { Notes } from '../../../shared/protocol/review-api.ts';
import type { TypedBridge } from '../../services/bridge.ts';
import { makeStore, type Readable } from '../../services/store.ts';

export interface NotesState {
  /** Null until they came the first time. */
  notes: Notes | null;
  /** Why they did not come. */
  problem: Problem | null;
  /** A change is on its way. */
  busy: boolean;
}

export interface NewFinding {
  atMs: number;
  title: string;
  note: string;
  severity: Severity;
}

/** What people wrote beside one recording. Each change resolves to null when it is kept, else to why it is not. */
export interface NotesService {
  readonly state: Readable<NotesState>;
  load(): Promise<void>;
  addBookmark(atMs: number, text: string): Promise<Problem | null>;
  removeBookmark(bookmarkId: string): Promise<Problem | null>;
  addFinding(finding: NewFinding): Promise<Problem | null>;
  setFindingState(findingId: string, state: 'open' | 'closed'): Promise<Problem | null>;
  setReviewed(reviewed: boolean): Promise<Problem | null>;
  setHold(hold: boolean, reason: string): Promise<Problem | null>;
}

/** Notes of the recording `sessionId`; the server's answer to a change is the new state. */
export function makeNotesService(bridge: TypedBridge, sessionId: string): NotesService {
  const state = makeStore<NotesState>({ notes: null, problem: null, busy: false });
  /** Of answers that cross, the one to the newest question counts. */
  let generation = 0;
  const take = async (answer: Promise<Result<Notes>>): Promise<Problem | null> => {
    generation += 1;
    const mine = generation;
    const result = await answer;
    if (result.ok && mine === generation) state.set({ notes: result.value, problem: null, busy: false });
    else if (mine === generation) state.update((now) => ({ ...now, busy: false }));
    return result.ok ? null : result.error;
  };
  const change = (answer: () => Promise<Result<Notes>>) => {
    state.update((now) => ({ ...now, busy: true }));
    return take(answer());
  };
  return {
    state,
    async load() {
      const problem = await take(bridge.request('recordings.notes', { sessionId }));
      if (problem !== null) state.update((now) => ({ ...now, problem }));
    },
    addBookmark: (atMs, text) =>
      change(() => bridge.request('recordings.addBookmark', { sessionId, body: { atMs: Math.round(atMs), text } })),
    removeBookmark: (bookmarkId) =>
      change(() => bridge.request('recordings.removeBookmark', { sessionId, bookmarkId })),
    addFinding: (finding) =>
      change(() =>
        bridge.request('recordings.addFinding', {
          sessionId,
          body: { ...finding, atMs: Math.round(finding.atMs) },
        }),
      ),
    setFindingState: (findingId, to) =>
      change(() => bridge.request('recordings.changeFinding', { sessionId, findingId, body: { state: to } })),
    setReviewed: (reviewed) =>
      change(() => bridge.request('recordings.setReviewed', { sessionId, body: { reviewed, note: '' } })),
    setHold: (hold, reason) =>
      change(() => bridge.request('recordings.setHold', { sessionId, body: { hold, reason } })),
  };
}
