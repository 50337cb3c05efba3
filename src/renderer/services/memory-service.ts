import { emptyMemory, type Memory } from '../../shared/protocol/ipc.ts';
import type { TypedBridge } from './bridge.ts';
import { makeStore, type Readable } from './store.ts';

export interface MemoryService {
  readonly state: Readable<Memory>;
  load(): Promise<void>;
  change(part: Partial<Memory>): void;
}

/** What the launcher remembers of the person's doings (ipc.ts, `memorySchema`). A change shows at once; main's answer is what counts afterwards. */
export function makeMemoryService(bridge: TypedBridge): MemoryService {
  const state = makeStore<Memory>(emptyMemory);
  bridge.on('memory.changed', (next) => state.set(next));
  return {
    state,
    async load() {
      const answer = await bridge.request('memory.get', {});
      if (answer.ok) state.set(answer.value);
    },
    change(part) {
      state.update((now) => ({ ...now, ...part }));
      void bridge.request('memory.set', part).then((answer) => {
        if (answer.ok) state.set(answer.value);
      });
    },
  };
}
