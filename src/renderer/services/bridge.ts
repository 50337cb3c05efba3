import type { z } from 'zod';
import { type Problem, problemSchema, type Result } from '../../shared/errors/result.ts';
import {
  type IpcEventName,
  type IpcRequestName,
  ipcEvents,
  ipcRequests,
  type SallyportBridge,
} from '../../shared/protocol/ipc.ts';

/** What may be left out of a request has its default where it arrives. */
type RequestOf<N extends IpcRequestName> = z.input<(typeof ipcRequests)[N]['request']>;
type ResponseOf<N extends IpcRequestName> = z.infer<(typeof ipcRequests)[N]['response']>;
type EventOf<N extends IpcEventName> = z.infer<(typeof ipcEvents)[N]>;

/** The bridge with types: everything that arrives has passed its schema. */
export interface TypedBridge {
  /** Never rejects: a malformed answer is SP-9002. */
  request<N extends IpcRequestName>(name: N, body: RequestOf<N>): Promise<Result<ResponseOf<N>>>;
  /** Calls `listener` with each event of the right shape; returns the unsubscriber. */
  on<N extends IpcEventName>(name: N, listener: (body: EventOf<N>) => void): () => void;
}

function malformed(what: string): Problem {
  return {
    code: 'SP-9002',
    message: `The launcher answered "${what}" in a shape this window does not know. Restart Sallyport; if it stays, report the code.`,
  };
}

function parseAnswer<N extends IpcRequestName>(name: N, answer: unknown): Result<ResponseOf<N>> {
  if (typeof answer !== 'object' || answer === null) return { ok: false, error: malformed(name) };
  if ('ok' in answer && answer.ok === true && 'value' in answer) {
    const value = ipcRequests[name].response.safeParse(answer.value);
    return value.success ? { ok: true, value: value.data as ResponseOf<N> } : { ok: false, error: malformed(name) };
  }
  const error = problemSchema.safeParse('error' in answer ? answer.error : undefined);
  return { ok: false, error: error.success ? error.data : malformed(name) };
}

/** Wraps the preload's bridge. */
export function makeBridge(raw: SallyportBridge): TypedBridge {
  return {
    async request(name, body) {
      try {
        return parseAnswer(name, await raw.request(name, body));
      } catch {
        return { ok: false, error: malformed(name) };
      }
    },
    on(name, listener) {
      return raw.on(name, (body) => {
        const event = ipcEvents[name].safeParse(body);
        if (event.success) listener(event.data as EventOf<typeof name>);
        else console.warn(`dropped a malformed ${name} event`);
      });
    },
  };
}
