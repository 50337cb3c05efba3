import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Role } from '../../shared/protocol/control-api.ts';
import type { OrderPayload } from '../../shared/protocol/signed.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import type { Database } from '../store/database.ts';
import { hold } from '../store/locks.ts';
import type { OrderRow } from './order-store.ts';
import type { SessionRow } from './session-store.ts';

const roleRanks: readonly Role[] = ['analyst', 'engineer', 'approver', 'help-desk', 'auditor', 'operator', 'vendor'];

/** The role that an order names: the one that most likely gave the right. */
function leadingRole(actor: Actor): Role {
  return roleRanks.find((role) => actor.roles.includes(role)) ?? 'operator';
}

/** How long after its end a session whose end the server did not see for itself can still be answered with a lock. */
const lateLockMs = 24 * 3_600_000;

export type StoredKill =
  /** `orders[0]` is the one asked for; the others end the same person's other sessions at this target, which the lock forbids too. */
  | { kind: 'ordered'; orders: [OrderRow, ...OrderRow[]]; lockId: string }
  /** The session had ended, by what its launcher says or for want of a lease: there is a lock all the same. */
  | { kind: 'locked'; lockId: string }
  | { kind: 'nothing' };

/** Only the relay sees an end for itself: of a direct session, and of one that went silent, there is nothing but the launcher's word or none. */
function endIsHearsay(session: SessionRow, now: Date): boolean {
  return (
    session.ended_at !== null &&
    session.killed_at === null &&
    (session.route === 'direct' || session.ended_by === 'server') &&
    now.getTime() - session.ended_at.getTime() < lateLockMs
  );
}

/** Stores a kill in one transaction: order, lock, and an order for each other running session of the same person at the same target. */
export function storeKill(
  core: CoreContext,
  actor: Actor,
  asked: { session: SessionRow; targetName: string; reason: string },
): Promise<StoredKill> {
  const { session, targetName, reason } = asked;
  const now = core.clock.now();
  const by = { id: actor.userId, name: actor.name, role: leadingRole(actor) };
  const lockId = randomUUID();

  async function lock(trx: Transaction<Database>): Promise<void> {
    await trx
      .insertInto('locks')
      .values({
        id: lockId,
        user_id: session.user_id,
        target_id: session.target_id,
        reason,
        by_id: by.id,
        by_name: by.name,
        created_at: now,
        lifted_by: null,
      })
      .execute();
  }

  function order(trx: Transaction<Database>, of: Pick<SessionRow, 'id' | 'device_id'>): Promise<OrderRow> {
    const payload: OrderPayload = {
      version: 1,
      orderId: randomUUID(),
      sessionId: of.id,
      kind: 'kill',
      reason,
      by,
      requestedAt: now.toISOString(),
      lock: { id: lockId, targetName },
    };
    return trx
      .insertInto('orders')
      .values({
        id: payload.orderId,
        session_id: of.id,
        device_id: of.device_id,
        kind: 'kill',
        reason,
        by_id: by.id,
        by_name: by.name,
        by_role: by.role,
        lock_id: lockId,
        state: 'requested',
        requested_at: now,
        survivors: 'unknown',
        ...core.signer.sign('order@sallyport', payload),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
  }

  return core.writer.transaction().execute(async (trx) => {
    // A grant that has looked for a lock and is not stored yet would be found by neither.
    await hold(trx, { kind: 'access', userId: session.user_id, targetId: session.target_id });
    const killed = () =>
      trx.updateTable('sessions').set({ killed_at: now }).where('ended_at', 'is', null).where('killed_at', 'is', null);
    const { numUpdatedRows } = await killed().where('id', '=', session.id).executeTakeFirst();
    if (numUpdatedRows === 0n) {
      const current = await trx.selectFrom('sessions').selectAll().where('id', '=', session.id).executeTakeFirst();
      if (current === undefined || !endIsHearsay(current, now)) return { kind: 'nothing' };
      await lock(trx);
      return { kind: 'locked', lockId };
    }
    await lock(trx);
    const first = await order(trx, session);
    const others = await killed()
      .where('user_id', '=', session.user_id)
      .where('target_id', '=', session.target_id)
      .returning(['id', 'device_id'])
      .execute();
    const orders: [OrderRow, ...OrderRow[]] = [first];
    for (const other of others) orders.push(await order(trx, other));
    return { kind: 'ordered', orders, lockId };
  });
}
