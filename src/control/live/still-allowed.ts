import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import type { Database } from '../store/database.ts';
import { targetResource } from '../targets/target-resource.ts';
import { findTarget, type SessionRow } from './session-store.ts';

/** Whether a session granted earlier would be granted now: its target is still there, and an access rule still lets this person connect. */
export async function mayStillConnect(core: CoreContext, actor: Actor, session: SessionRow): Promise<boolean> {
  const target = await findTarget(core.reader, session.target_id);
  if (target === null || target.removed_at !== null) return false;
  const resource = targetResource(target);
  return (await core.policy.decide(actor, { action: 'Connect', resource, context: { login: session.login } })).allowed;
}

/**
 * Part of the statement that claims a session's one login or one relay connection: no order, no end and no lock of its person at its target. In
 * the statement itself, so that a kill on another connection is either before it or finds the claim.
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
    ]);
}
