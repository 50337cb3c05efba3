import type { Problem } from '../../shared/errors/result.ts';
import type { AppState } from '../../shared/protocol/ipc.ts';
import type { TypedBridge } from './bridge.ts';
import { makeStore, type Readable } from './store.ts';

export interface AppService {
  /** Null until main has answered the first time. */
  readonly state: Readable<AppState | null>;
  /** Why main did not answer. */
  readonly problem: Readable<Problem | null>;
  load(): Promise<void>;
  /** Null when the device is enrolled now, else why not. */
  enrol(invite: string): Promise<Problem | null>;
  retry(): void;
  forgetDevice(): Promise<Problem | null>;
  answerQuit(answer: 'quit' | 'stay'): void;
  windowDo(what: 'minimise' | 'maximise' | 'close' | 'front'): void;
  copy(text: string): Promise<Problem | null>;
  readClipboard(): Promise<{ text: string } | { problem: Problem }>;
}

/** Who this is, how we are connected, and what the window can ask of the system. */
export function makeAppService(bridge: TypedBridge): AppService {
  const state = makeStore<AppState | null>(null);
  const problem = makeStore<Problem | null>(null);
  bridge.on('app.state', (next) => {
    problem.set(null);
    state.set(next);
  });
  return {
    state,
    problem,
    async load() {
      const answer = await bridge.request('app.state', {});
      if (answer.ok) state.set(answer.value);
      else problem.set(answer.error);
    },
    async enrol(invite) {
      const answer = await bridge.request('app.enrol', { invite });
      return answer.ok ? null : answer.error;
    },
    retry() {
      void bridge.request('app.retry', {});
    },
    async forgetDevice() {
      const answer = await bridge.request('app.forgetDevice', {});
      return answer.ok ? null : answer.error;
    },
    answerQuit(answer) {
      void bridge.request('app.quit', { answer });
    },
    windowDo(what) {
      void bridge.request('window.do', { what });
    },
    async copy(text) {
      const answer = await bridge.request('clipboard.write', { text });
      return answer.ok ? null : answer.error;
    },
    async readClipboard() {
      const answer = await bridge.request('clipboard.read', {});
      return answer.ok ? answer.value : { problem: answer.error };
    },
  };
}
