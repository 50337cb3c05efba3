import type { Selectable } from 'kysely';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Lock } from '../../shared/protocol/control-api.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext, Reader } from '../context.ts';
import type { LockTable } from '../store/session-tables.ts';
import { targetResource } from '../targets/target-resource.ts';
import type { Hub } from './hub.ts';
import { findTarget } from './session-store.ts';

export type LockRow = Selectable<LockTable>;

/** The newest lock that keeps a person from a target, or null. */
export async function lockInForce(
  db: Pick<Reader, 'selectFrom'>,
  userId: string,
  targetId: string,
): Promise<LockRow | null> {
  const found = await db
    .selectFrom('locks')
    .selectAll()
    .where('user_id', '=', userId)
    .where('target_id', '=', targetId)
    .where('lifted_at', 'is', null)
    .orderBy('created_at', 'desc')
    .executeTakeFirst();
  return found ?? null;
}

export function lockRefusal(lock: LockRow, targetName: string): SallyportError {
  return new SallyportError(
    'SP-2003',
    `You are locked out of ${targetName}. ${lock.by_name} ended your session: "${lock.reason}". The lock holds until it is lifted; ask ${lock.by_name} or your security team.`,
    { facts: { lock: lock.id, by: lock.by_name, at: lock.created_at.toISOString() } },
  );
}

interface Joined extends LockRow {
  user_name: string;
  target_name: string;
}

function joined(db: Reader) {
  return db
    .selectFrom('locks')
    .innerJoin('people', 'people.id', 'locks.user_id')
    .innerJoin('targets', 'targets.id', 'locks.target_id')
    .selectAll('locks')
    .select(['people.name as user_name', 'targets.name as target_name'])
    .where('locks.lifted_at', 'is', null);
}

function toView(lock: Joined): Lock {
  return {
    id: lock.id,
    user: { id: lock.user_id, name: lock.user_name },
    target: { id: lock.target_id, name: lock.target_name },
    reason: lock.reason,
    by: lock.by_name,
    at: lock.created_at.toISOString(),
  };
}

async function mayLift(core: CoreContext, actor: Actor, lock: LockRow): Promise<boolean> {
  const target = await findTarget(core.reader, lock.target_id);
  if (target === null) return false;
  const resource = { id: lock.id, userId: lock.user_id, target: targetResource(target) };
  return (await core.policy.decide(actor, { action: 'LiftLock', resource })).allowed;
}

/** Locks in force: a person's own, those they gave, and those they may lift; newest first. */
export async function listLocks(core: CoreContext, actor: Actor): Promise<Lock[]> {
  const locks = await joined(core.reader).orderBy('locks.created_at', 'desc').execute();
  const visible = await Promise.all(
    locks.map(
      async (lock) =>
        lock.user_id === actor.userId || lock.by_id === actor.userId || (await mayLift(core, actor, lock)),
    ),
  );
  return locks.filter((_, index) => visible[index]).map(toView);
}

/** Lifts a lock. Throws SP-5002 when there is none such in force for this person to see, SP-5003 when it is their own or not theirs to lift. */
export async function liftLock(core: CoreContext, hub: Hub, actor: Actor, lockId: string): Promise<void> {
  const lock = await joined(core.reader).where('locks.id', '=', lockId).executeTakeFirst();
  const allowed = lock !== undefined && (await mayLift(core, actor, lock));
  const visible = lock !== undefined && (allowed || lock.user_id === actor.userId || lock.by_id === actor.userId);
  if (!visible)
    throw new SallyportError('SP-5002', 'There is no such lock in force. List the locks and use an id from there.');
  if (!allowed || lock.user_id === actor.userId) {
    throw new SallyportError(
      'SP-5003',
      `Lifting this lock is not yours to do. Ask ${lock.by_name} or your security team.`,
    );
  }
  const writeAuditLine = await core.writer.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('locks')
      .set({ lifted_at: core.clock.now(), lifted_by: actor.userId })
      .where('id', '=', lock.id)
      .where('lifted_at', 'is', null)
      .executeTakeFirst();
    // Someone else lifted it in between: that is what was asked.
    if (numUpdatedRows === 0n) return null;
    return core.audit.recordWithin(trx, {
      event: 'lock.lifted',
      actor: actor.userId,
      subject: lock.id,
      detail: { user: lock.user_id, target: lock.target_name, reason: lock.reason },
    });
  });
  await writeAuditLine?.();
  hub.changed(['targets'], lock.user_id);
}
