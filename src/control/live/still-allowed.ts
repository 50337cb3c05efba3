import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely';
import type { CoreContext } from '../context.ts';
import type { PolicyActor } from '../policy/policy.ts';
import { stillGranted } from '../requests/grants.ts';
import { connectRequest } from '../requests/may-request.ts';
import type { Database } from '../store/database.ts';
import { targetResource } from '../targets/target-resource.ts';
import { findTarget, type SessionRow } from './session-store.ts';

/**
 * Whether a session granted earlier would be granted now: its target is still there, an access rule still lets this person connect, and the access that it
 * was opened under, if any, still holds.
 */
export async function mayStillConnect(core: CoreContext, actor: PolicyActor, session: SessionRow): Promise<boolean> {
  const target = await findTarget(core.reader, session.target_id);
  if (target === null || target.removed_at !== null) return false;
  const under = session.access_request_id;
  if (under !== null && !(await stillGranted(core.reader, under, core.clock.now()))) return false;
  return (await core.policy.decide(actor, connectRequest(targetResource(target), session.login, under !== null)))
    .allowed;
}

/**
 * Part of the statement that claims a session's one login or one relay connection: no order, no end, no lock of its person at its target, and its access
 * not revoked. In the statement itself, so that a kill on another connection is either before it or finds the claim.
 */
export function mayGoOn(session: SessionRow) {
  return (where: ExpressionBuilder<Database, 'sessions'>): ExpressionWrapper<Database, 'sessions', SqlBool> =>
    where.and([
      where('sessions.killed_at', 'is', null),
      where('sessions.ended_at', 'is', null),
      where.not(
        where.exists(
          where
            .selectFrom('locks')
            .select('locks.id')
            .where('locks.user_id', '=', session.user_id)
            .where('locks.target_id', '=', session.target_id)
            .where('locks.lifted_at', 'is', null),
        ),
      ),
      where.or([
        where('sessions.access_request_id', 'is', null),
        where.exists(
          where
            .selectFrom('access_requests')
            .select('access_requests.id')
            .whereRef('access_requests.id', '=', 'sessions.access_request_id')
            .where('access_requests.state', '=', 'approved'),
        ),
      ]),
    ]);
}
