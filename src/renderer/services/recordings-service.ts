import type { Problem } from '../../shared/errors/result.ts';
import type { RecordingView } from '../../shared/model/recording.ts';
import type { LocalRecording } from '../../shared/protocol/ipc.ts';
import type { TypedBridge } from './bridge.ts';
import { makeStore, type Readable } from './store.ts';

export interface RecordingsState {
  recordings: RecordingView[] | null;
  /** What this computer still holds. */
  local: LocalRecording[];
  loading: boolean;
  problem: Problem | null;
}

export interface RecordingsService {
  readonly state: Readable<RecordingsState>;
  load(): Promise<void>;
}

/** The recordings that this person may see, and what waits here to be sent. */
export function makeRecordingsService(bridge: TypedBridge): RecordingsService {
  const state = makeStore<RecordingsState>({ recordings: null, local: [], loading: false, problem: null });
  let again = false;
  const load = async () => {
    if (state.get().loading) {
      again = true;
      return;
    }
    state.update((now) => ({ ...now, loading: true }));
    const answer = await bridge.request('recordings.list', { query: { limit: 500 } });
    state.update((now) =>
      answer.ok
        ? { recordings: answer.value.recordings, local: answer.value.local, loading: false, problem: null }
        : { ...now, loading: false, problem: answer.error },
    );
    if (again) {
      again = false;
      await load();
    }
  };
  bridge.on('recordings.changed', () => void load());
  return { state, load };
}
