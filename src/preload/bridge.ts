import type { Result } from '../shared/errors/result.ts';
import type { IpcEventName, SallyportBridge } from '../shared/protocol/ipc.ts';
import { ipcChannels } from '../shared/protocol/ipc-channels.ts';

/** What the bridge needs of Electron's renderer side, so that it can be tried without Electron. */
export interface BridgeEffects {
  invoke(channel: string, name: string, body: unknown): Promise<unknown>;
  listen(channel: string, listener: (message: { ports: MessagePort[]; first: unknown; second: unknown }) => void): void;
  postToPage(message: unknown, ports: MessagePort[]): void;
}

const failed: Result<never> = {
  ok: false,
  error: {
    code: 'SP-9001',
    message: 'The launcher did not take this request. Try again; if it stays, report the code.',
  },
};

/**
 * The whole surface that a page gets. `request` resolves to a `Result` and never rejects. Ports go on to the page by `postMessage`, because a
 * MessagePort cannot cross the context bridge.
 */
export function makeBridge(effects: BridgeEffects): SallyportBridge {
  const listeners = new Map<string, Set<(body: unknown) => void>>();
  effects.listen(ipcChannels.event, ({ first, second }) => {
    if (typeof first !== 'string') return;
    for (const listener of listeners.get(first) ?? []) listener(second);
  });
  effects.listen(ipcChannels.port, ({ ports, first }) => effects.postToPage(first, ports));
  return {
    request: async (name, body) => {
      try {
        return await effects.invoke(ipcChannels.request, String(name), body);
      } catch {
        return failed;
      }
    },
    on: (name: IpcEventName, listener) => {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener);
      return () => {
        set.delete(listener);
      };
    },
  };
}
