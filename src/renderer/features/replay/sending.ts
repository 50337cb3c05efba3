import type { Problem } from '../../../shared/errors/result.ts';
import { makeStore, type Readable } from '../../services/store.ts';

/** What a form sends, one at a time, and why it was not kept. */
export interface Sending {
  readonly state: Readable<{ busy: boolean; problem: Problem | null }>;
  /** Resolves to `kept`, to why it is not, or to null where nothing was asked for: `ask` gives undefined, or another one is on its way. */
  send(ask: () => Promise<Problem | null> | undefined): Promise<'kept' | Problem | null>;
}

/** For one form, from when it is opened. */
export function makeSending(): Sending {
  const state = makeStore<{ busy: boolean; problem: Problem | null }>({ busy: false, problem: null });
  return {
    state,
    async send(ask) {
      if (state.get().busy) return null;
      const asked = ask();
      if (asked === undefined) return null;
      state.set({ busy: true, problem: null });
      const problem = await asked;
      state.set({ busy: false, problem });
      return problem ?? 'kept';
    },
  };
}
