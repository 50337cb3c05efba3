import type { CoreContext } from '../context.ts';
import { lockInForce } from './locks.ts';
import { findSession, type SessionRow } from './session-store.ts';
import { mayGoOn } from './still-allowed.ts';

/**
 * Claims a session's one login, whichever way it is made; null when it is the caller's. One statement, so that of several that ask at once one gets it, in
 * whatever process: also the last look at a kill or a lock that came meanwhile. Otherwise why not.
 */
export async function claimLogin(core: CoreContext, session: SessionRow): Promise<'once' | 'session' | 'lock' | null> {
  const { numUpdatedRows } = await core.writer
    .updateTable('sessions')
    .set({ login_signed_at: core.clock.now() })
    .where('id', '=', session.id)
    .where('login_signed_at', 'is', null)
    .where(mayGoOn(session))
    .executeTakeFirst();
  if (numUpdatedRows === 1n) return null;
  const now = await findSession(core.reader, session.id);
  if (now === null || now.killed_at !== null || now.ended_at !== null) return 'session';
  if ((await lockInForce(core.reader, now.user_id, now.target_id)) !== null) return 'lock';
  return now.login_signed_at === null ? 'session' : 'once';
}
