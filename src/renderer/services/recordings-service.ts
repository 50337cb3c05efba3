import type { Problem, Result } from '../../shared/errors/result.ts';
import type { RecordingView } from '../../shared/model/recording.ts';
import type { SearchHit } from '../../shared/model/review.ts';
import type { LocalRecording } from '../../shared/protocol/ipc.ts';
import type { SearchQuery } from '../../shared/protocol/review-api.ts';
import type { TypedBridge } from './bridge.ts';
import { makeRecordingList, type Page, type RecordingList } from './recording-list.ts';
import { makeStore, type Readable, type Store } from './store.ts';

export interface RecordingsState {
  /** Every recording that any list has brought, newest first; null until one has. Not all that there are. */
  recordings: RecordingView[] | null;
  /** What this computer still holds. */
  local: LocalRecording[];
  loading: boolean;
  problem: Problem | null;
}

export interface SearchAnswer {
  hits: SearchHit[];
  more: boolean;
  notSearched: { pending: number; closed: number };
}

export interface RecordingsService {
  readonly state: Readable<RecordingsState>;
  /** What Recordings shows: all that this person may see. */
  readonly everyone: RecordingList;
  /** What History shows: one's own. */
  readonly mine: RecordingList;
  /** Brings the newest of what is shown, and what is local. */
  load(): Promise<void>;
  /** A list that is on the screen follows every change. Returns what ends that. */
  follow(list: RecordingList): () => void;
  search(query: SearchQuery): Promise<Result<SearchAnswer>>;
  /** Makes a recording known that a search found and no list has brought. */
  learn(sessionId: string): void;
  /** The last purpose in this run; nothing of it is kept. */
  readonly lastPurpose: Store<string>;
}

/** How many recordings are remembered beside the lists. */
const knownAtMost = 20_000;

/** The recordings that this person may see, and what waits here to be sent. */
export function makeRecordingsService(bridge: TypedBridge): RecordingsService {
  const state = makeStore<RecordingsState>({ recordings: null, local: [], loading: false, problem: null });
  const known = new Map<string, RecordingView>();
  /** When the recordings began that searches have found. */
  const startOfFound = new Map<string, string>();
  const followed = new Set<RecordingList>();

  const take = (page: Page) => {
    for (const recording of page.recordings) known.set(recording.sessionId, recording);
    for (const id of known.keys()) {
      if (known.size <= knownAtMost) break;
      known.delete(id);
    }
    state.set({
      recordings: [...known.values()].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt)),
      local: page.local,
      loading: false,
      problem: null,
    });
  };
  const fetchPage = async (query: Parameters<RecordingList['ask']>[0]): Promise<Result<Page>> => {
    state.update((now) => ({ ...now, loading: true }));
    const answer = await bridge.request('recordings.list', { query });
    if (answer.ok) take(answer.value);
    else state.update((now) => ({ ...now, loading: false, problem: answer.error }));
    return answer;
  };
  const everyone = makeRecordingList(fetchPage);
  const mine = makeRecordingList(fetchPage, { mine: 'yes' });

  let busy = false;
  let again = false;
  const load = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    // With none on the screen the newest few are enough: for a replay that is opened now, and for what is local.
    if (followed.size === 0) await fetchPage({ limit: 20 });
    else await Promise.all([...followed].map((list) => list.refresh()));
    busy = false;
    if (again) {
      again = false;
      await load();
    }
  };
  bridge.on('recordings.changed', () => void load());

  return {
    state,
    everyone,
    mine,
    load,
    follow(list) {
      followed.add(list);
      return () => followed.delete(list);
    },
    async search(query) {
      const answer = await bridge.request('recordings.search', { query });
      if (answer.ok) for (const hit of answer.value.hits) startOfFound.set(hit.sessionId, hit.startedAt);
      return answer;
    },
    learn(sessionId) {
      const startedAt = startOfFound.get(sessionId);
      if (startedAt === undefined || known.has(sessionId)) return;
      // The list has no question for one recording; of those of one millisecond there are few.
      const from = Date.parse(startedAt);
      void fetchPage({
        from: new Date(from).toISOString(),
        to: new Date(from + 1).toISOString(),
        limit: 20,
      });
    },
    lastPurpose: makeStore(''),
  };
}
