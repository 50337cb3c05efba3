import type { Selectable } from 'kysely';
import type { OrderView } from '../../shared/model/order.ts';
import type { Signed } from '../../shared/protocol/signed.ts';
import type { Reader, Writer } from '../context.ts';
import type { OrderTable } from '../store/session-tables.ts';
import type { OrderProgress } from './kill-order.ts';

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
