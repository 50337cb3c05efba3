import type { WireHead } from '../../shared/record/wire.ts';
import type { CoreContext } from '../context.ts';

/** How long the last receipt of a recording waits for the end of its wire, in milliseconds: the launcher closes the connection before it sends its last manifest. */
export const wireEndMs = 2000;

async function storedHead(core: CoreContext, sessionId: string): Promise<WireHead | null> {
  const row = await core.reader
    .selectFrom('wires')
    .select('head')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row?.head ?? null;
}

/**
 * How far a session's wire is kept, in whatever process; null when none is. With `waitMs` the answer waits so long for the wire's end.
 */
export async function wireHead(core: CoreContext, sessionId: string, waitMs = 0): Promise<WireHead | null> {
  let heard = () => {};
  const closed = new Promise<void>((resolve) => {
    heard = resolve;
  });
  // Before it is looked up: an end in between is not missed.
  const unsubscribe = core.bus.subscribe('wire-closed', (message) => {
    if (message.sessionId === sessionId) heard();
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const head = await storedHead(core, sessionId);
    if (head === null || head.closed || waitMs === 0) return head;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([closed, late]);
    return storedHead(core, sessionId);
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}
