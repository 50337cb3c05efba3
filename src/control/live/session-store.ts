import type { Selectable } from 'kysely';
import type { GrantPayload, Signed } from '../../shared/protocol/signed.ts';
import type { Reader } from '../context.ts';
import type { OwnedResource } from '../policy/policy.ts';
import type { TargetTable } from '../store/database.ts';
import type { SessionTable } from '../store/session-tables.ts';
import { targetResource } from '../targets/target-resource.ts';
import { readStoredGrant } from './stored-grant.ts';

export type SessionRow = Selectable<SessionTable>;
export type TargetRow = Selectable<TargetTable>;

export async function findSession(db: Reader, sessionId: string): Promise<SessionRow | null> {
  return (await db.selectFrom('sessions').selectAll().where('id', '=', sessionId).executeTakeFirst()) ?? null;
}

export async function findTarget(db: Reader, targetId: string): Promise<TargetRow | null> {
  return (await db.selectFrom('targets').selectAll().where('id', '=', targetId).executeTakeFirst()) ?? null;
}

/** A session or its recording as policies see it. */
export function ownedResource(session: Pick<SessionRow, 'id' | 'user_id' | 'login'>, target: TargetRow): OwnedResource {
  return { id: session.id, ownerId: session.user_id, target: targetResource(target), login: session.login };
}

/** A session with its target as it is now (removed targets keep their row); null when there is no such session. */
export async function findOwned(
  db: Reader,
  sessionId: string,
): Promise<{ session: SessionRow; target: TargetRow; resource: OwnedResource } | null> {
  const session = await findSession(db, sessionId);
  const target = session === null ? null : await findTarget(db, session.target_id);
  return session === null || target === null ? null : { session, target, resource: ownedResource(session, target) };
}

/** The facts of the grant as of the time it was signed, whatever was renamed since. */
export function grantOf(session: SessionRow): GrantPayload {
  return readStoredGrant(session.grant_payload);
}

export function signedGrantOf(session: SessionRow): Signed {
  return { payload: session.grant_payload, signature: session.grant_signature };
}
