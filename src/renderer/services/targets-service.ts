import type { Problem } from '../../shared/errors/result.ts';
import type { TargetView } from '../../shared/model/target.ts';
import type { TypedBridge } from './bridge.ts';
import { makeStore, type Readable } from './store.ts';

export interface TargetsState {
  /** Null until the first list has come. */
  targets: TargetView[] | null;
  loadedAtMs: number | null;
  loading: boolean;
  problem: Problem | null;
}

export interface TargetsService {
  readonly state: Readable<TargetsState>;
  load(refresh: boolean): Promise<void>;
}

/** The targets that this person may see. A failed refresh keeps the list that was there. */
export function makeTargetsService(bridge: TypedBridge): TargetsService {
  const state = makeStore<TargetsState>({ targets: null, loadedAtMs: null, loading: false, problem: null });
  let running: Promise<void> | null = null;
  const ask = async (refresh: boolean) => {
    state.update((now) => ({ ...now, loading: true }));
    const answer = await bridge.request('targets.list', { refresh });
    state.update((now) =>
      answer.ok
        ? { targets: answer.value.targets, loadedAtMs: answer.value.loadedAtMs, loading: false, problem: null }
        : { ...now, loading: false, problem: answer.error },
    );
  };
  // Five thousand targets are a long answer: who asks while it is on its way gets that one.
  const load = (refresh: boolean): Promise<void> => {
    if (running !== null && !refresh) return running;
    const asking = ask(refresh).finally(() => {
      if (running === asking) running = null;
    });
    running = asking;
    return asking;
  };
  bridge.on('targets.changed', () => void (running ?? Promise.resolve()).then(() => load(false)));
  return { state, load };
}
