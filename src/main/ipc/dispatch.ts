import type { z } from 'zod';
import { type Result, SallyportError, toProblem } from '../../shared/errors/result.ts';
import { type IpcRequestName, ipcRequests } from '../../shared/protocol/ipc.ts';

type Table = typeof ipcRequests;
export type Handlers = {
  [N in IpcRequestName]: (
    body: z.output<Table[N]['request']>,
  ) => Promise<z.input<Table[N]['response']>> | z.input<Table[N]['response']>;
};

/** Who sent a request, as far as it decides. */
export interface Sender {
  /** Our window's own top frame, not an embedded one and not another page. */
  isOurMainFrame: boolean;
  origin: string;
}

/**
 * Answers one raw request: sender, name and shape are checked before a handler sees anything, and the answer is checked too, so that nothing
 * unmeant leaves. Never throws.
 */
export async function dispatch(options: {
  handlers: Handlers;
  origin: string;
  sender: Sender;
  name: unknown;
  body: unknown;
  onInternal: (error: unknown) => void;
}): Promise<Result<unknown>> {
  const { handlers, sender, name, body } = options;
  if (!sender.isOurMainFrame || sender.origin !== options.origin)
    return refuse('SP-5003', 'This page may not ask the launcher for anything.');
  if (!isRequestName(name)) return refuse('SP-9002', 'The launcher does not know this request.');
  const parsed = ipcRequests[name].request.safeParse(body);
  if (!parsed.success)
    return refuse(
      'SP-9002',
      `The request ${name} has an unknown shape. Restart the launcher; if it stays, report the code.`,
    );
  try {
    // The table's types tie name and body together; an index by a union cannot say so.
    const handler = handlers[name] as (body: unknown) => unknown;
    const value = ipcRequests[name].response.parse(await handler(parsed.data));
    return { ok: true, value };
  } catch (error) {
    if (!(error instanceof SallyportError)) options.onInternal(error);
    return { ok: false, error: toProblem(error) };
  }
}

function isRequestName(name: unknown): name is IpcRequestName {
  return typeof name === 'string' && Object.hasOwn(ipcRequests, name);
}

function refuse(code: 'SP-5003' | 'SP-9002', message: string): Result<never> {
  return { ok: false, error: { code, message } };
}
