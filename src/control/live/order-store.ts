import { type Selectable, sql } from 'kysely';
import type { OrderView } from '../../shared/model/order.ts';
import type { Signed } from '../../shared/protocol/signed.ts';
import type { Reader, Writer } from '../context.ts';
import type { OrderTable } from '../store/session-tables.ts';
import type { OrderProgress } from './kill-order.ts';
import { silenceCutMs } from './lease.ts';

export type OrderRow = Selectable<OrderTable>;

export async function findOrder(db: Reader, orderId: string): Promise<OrderRow | null> {
  return (await db.selectFrom('orders').selectAll().where('id', '=', orderId).executeTakeFirst()) ?? null;
}

export async function orderOfSession(db: Reader, sessionId: string): Promise<OrderRow | null> {
  return (await db.selectFrom('orders').selectAll().where('session_id', '=', sessionId).executeTakeFirst()) ?? null;
}

/** Orders that a device has not confirmed yet, oldest first. */
export async function openOrders(db: Reader, deviceId: string): Promise<OrderRow[]> {
  return db
    .selectFrom('orders')
    .selectAll()
    .where('device_id', '=', deviceId)
    .where('confirmed_at', 'is', null)
    .orderBy('requested_at')
    .execute();
}

/** The row, locked until the transaction ends: of two processes that move an order on, one waits for the other. */
export async function lockOrder(trx: Writer, orderId: string): Promise<OrderRow | null> {
  return (await trx.selectFrom('orders').selectAll().where('id', '=', orderId).forUpdate().executeTakeFirst()) ?? null;
}

/** Milliseconds since an order was stored, by the database's clock. */
export async function ageOf(db: Reader, orderId: string): Promise<number> {
  const row = await db
    .selectFrom('orders')
    .select(sql<number>`(extract(epoch from clock_timestamp() - stored_at) * 1000)::float8`.as('age'))
    .where('id', '=', orderId)
    .executeTakeFirst();
  return row?.age ?? 0;
}

/**
 * A process that was not seen for this long counts as dead, and its wires with it. It may only have been stopped: by then every lease that it knew of has run out,
 * also one renewed just before the look that it missed, so that nothing passes when it goes on.
 */
const deadMs = silenceCutMs + 2000;

/** SQL: the one relay connection of a session is still open, or being closed, in a process that lives. */
const wireIsUp = sql<boolean>`(
  sessions.relayed_by is not null and sessions.relay_closed_at is null and exists (
    select from control_processes
    where id = sessions.relayed_by and seen_at > now() - ${sql.lit(deadMs)} * interval '1 millisecond'
  )
)`;

/** Whether another process than `processId` still has, or closes, the wire of a session. */
export async function isWiredElsewhere(db: Reader, sessionId: string, processId: string): Promise<boolean> {
  const row = await db
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where('relayed_by', '!=', processId)
    .where(wireIsUp)
    .executeTakeFirst();
  return row !== undefined;
}

/** Orders that wait for a wire that is gone without a word. */
export async function waitingForNoWire(db: Reader): Promise<string[]> {
  const rows = await db
    .selectFrom('orders')
    .innerJoin('sessions', 'sessions.id', 'orders.session_id')
    .select('orders.id')
    .where('orders.confirmed_at', 'is', null)
    .where('orders.state', '=', 'socket-closed')
    .where((where) => where.not(wireIsUp))
    .execute();
  return rows.map((row) => row.id);
}

/** Orders not confirmed yet, of these sessions or for these devices, oldest first. */
export async function ordersFor(
  db: Reader,
  of: { sessionIds: readonly string[]; deviceIds: readonly string[] },
): Promise<OrderRow[]> {
  return db
    .selectFrom('orders')
    .selectAll()
    .where('confirmed_at', 'is', null)
    .where((where) =>
      where.or([
        where('session_id', '=', sql<string>`any(${[...of.sessionIds]}::text[])`),
        where('device_id', '=', sql<string>`any(${[...of.deviceIds]}::text[])`),
      ]),
    )
    .orderBy('requested_at')
    .execute();
}

function iso(moment: Date | null): string | null {
  return moment === null ? null : moment.toISOString();
}

export function progressOf(row: OrderRow): OrderProgress {
  return {
    state: row.state,
    sentAt: iso(row.sent_at),
    receivedAt: iso(row.received_at),
    socketClosedAtClient: row.socket_closed_at_client,
    confirmedAt: iso(row.confirmed_at),
    relayClosedAt: iso(row.relay_closed_at),
    relayClosedMs: row.relay_closed_ms,
    launcherClosedMs: row.launcher_closed_ms,
    survivors: row.survivors,
  };
}

function moment(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}

export async function saveProgress(db: Writer, orderId: string, order: OrderProgress): Promise<void> {
  await db
    .updateTable('orders')
    .set({
      state: order.state,
      sent_at: moment(order.sentAt),
      received_at: moment(order.receivedAt),
      confirmed_at: moment(order.confirmedAt),
      socket_closed_at_client: order.socketClosedAtClient,
      launcher_closed_ms: order.launcherClosedMs,
      relay_closed_at: moment(order.relayClosedAt),
      relay_closed_ms: order.relayClosedMs,
      survivors: order.survivors,
    })
    .where('id', '=', orderId)
    .execute();
}

export function toOrderView(row: OrderRow): OrderView {
  return {
    id: row.id,
    sessionId: row.session_id,
    kind: row.kind,
    reason: row.reason,
    by: { id: row.by_id, name: row.by_name, role: row.by_role },
    requestedAt: row.requested_at.toISOString(),
    lockId: row.lock_id,
    ...progressOf(row),
  };
}

export function signedOrderOf(row: OrderRow): Signed {
  return { payload: row.payload, signature: row.signature };
}
