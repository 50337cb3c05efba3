import { randomUUID } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';
import type { OrderView } from '../../shared/model/order.ts';
import type { Role } from '../../shared/protocol/control-api.ts';
import type { OrderPayload } from '../../shared/protocol/signed.ts';
import type { Actor } from '../actor.ts';
import type { Broker } from '../broker/broker.ts';
import type { CoreContext } from '../context.ts';
import type { Hub } from './hub.ts';
import { type OrderEvent, stepOrder } from './kill-order.ts';
import type { Leases } from './leases.ts';
import type { OrderBus } from './order-bus.ts';
import {
  findOrder,
  type OrderRow,
  openOrders,
  orderOfSession,
  progressOf,
  saveProgress,
  signedOrderOf,
  toOrderView,
} from './order-store.ts';
import { findOwned, type SessionRow } from './session-store.ts';

export interface Orders {
  /**
   * Orders the end of a session and locks its person out of the target. A session that has an order already gets no second one: the first is
   * answered. Throws SP-5002 (not for this person to know), SP-5003, SP-4011 (ended already).
   */
  kill(actor: Actor, sessionId: string, reason: string): Promise<OrderView>;
  /** Throws SP-4010. With `waitMs` answers at the next change; at once when the state is not `after` any more or nothing can follow. */
  get(actor: Actor, orderId: string, wait: { waitMs: number; after?: string | undefined }): Promise<OrderView>;
  /** Moves an order on. False when there is no such order of that device. */
  advance(orderId: string, deviceId: string | null, event: OrderEvent): Promise<boolean>;
  /** Sends a device every order it has not confirmed. */
  resend(deviceId: string): Promise<void>;
  /** Resolves when what was under way is stored. */
  close(): Promise<void>;
}

const roleRanks: readonly Role[] = ['analyst', 'engineer', 'approver', 'help-desk', 'auditor', 'operator', 'vendor'];

/** The role that an order names: the one that most likely gave the right. */
function leadingRole(actor: Actor): Role {
  return roleRanks.find((role) => actor.roles.includes(role)) ?? 'operator';
}

export function makeOrders(parts: {
  core: CoreContext;
  bus: OrderBus;
  hub: Hub;
  leases: Leases;
  broker: Broker;
  /** Cuts the wire of a session here and now. Resolves with the times when its socket is closed; null when there is none in this process. */
  cutWire(sessionId: string, order: { id: string; acceptedAt: number }): Promise<{ at: string; ms: number }> | null;
}): Orders {
  const { core, bus, hub } = parts;
  const { log } = core;
  /** Monotonic time of acceptance, of orders given in this process. */
  const accepted = new Map<string, number>();
  const steps = new Map<string, Promise<unknown>>();

  function advance(orderId: string, deviceId: string | null, event: OrderEvent): Promise<boolean> {
    const work = (steps.get(orderId) ?? Promise.resolve()).then(async () => {
      const row = await findOrder(core.reader, orderId);
      if (row === null || (deviceId !== null && row.device_id !== deviceId)) return false;
      const before = progressOf(row);
      const after = stepOrder(before, event);
      if (after === before) return true;
      await saveProgress(core.writer, orderId, after);
      bus.publish('changed', orderId);
      if (event.type === 'done') await confirmed(row, event);
      return true;
    });
    const settled = work.catch(() => undefined);
    steps.set(orderId, settled);
    void settled.then(() => {
      if (steps.get(orderId) === settled) steps.delete(orderId);
    });
    return work;
  }

  async function confirmed(row: OrderRow, event: Extract<OrderEvent, { type: 'done' }>): Promise<void> {
    const { closedMs, survivors } = event;
    await core.audit.record({
      event: 'order.confirmed',
      actor: 'server',
      subject: row.id,
      detail: { session: row.session_id, closedMs, survivors },
    });
  }

  /** In every control process: the one with the wire cuts it, the one with the launcher tells it. */
  function carryOut(orderId: string, row: OrderRow): void {
    const cut = parts.cutWire(row.session_id, {
      id: orderId,
      acceptedAt: accepted.get(orderId) ?? core.clock.monotonicMs(),
    });
    cut?.then((times) => advance(orderId, null, { type: 'relay-closed', ...times })).catch(logFailure);
    send(row);
  }

  function send(row: OrderRow): void {
    const sent = hub.send(row.device_id, {
      type: 'kill',
      sessionId: row.session_id,
      orderId: row.id,
      order: signedOrderOf(row),
    });
    if (sent) void advance(row.id, null, { type: 'sent', at: core.clock.now().toISOString() }).catch(logFailure);
  }

  function logFailure(error: unknown): void {
    log.error({ err: error }, 'the state of an order could not be stored');
  }

  const issuedHere = new Map<string, OrderRow>();
  const unsubscribe = bus.subscribe('issued', (orderId) => {
    const row = issuedHere.get(orderId);
    if (row !== undefined) carryOut(orderId, row);
    else void findOrder(core.reader, orderId).then((found) => found !== null && carryOut(orderId, found), logFailure);
  });

  async function store(
    actor: Actor,
    session: SessionRow,
    targetName: string,
    reason: string,
  ): Promise<OrderRow | null> {
    const now = core.clock.now();
    const by = { id: actor.userId, name: actor.name, role: leadingRole(actor) };
    const payload: OrderPayload = {
      version: 0,
      orderId: randomUUID(),
      sessionId: session.id,
      kind: 'kill',
      reason,
      by,
      requestedAt: now.toISOString(),
      lock: { id: randomUUID(), targetName },
    };
    const signed = core.signer.sign('order@sallyport', payload);
    return core.writer.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('sessions')
        .set({ killed_at: now })
        .where('id', '=', session.id)
        .where('ended_at', 'is', null)
        .where('killed_at', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return null;
      await trx
        .insertInto('locks')
        .values({
          id: payload.lock.id,
          user_id: session.user_id,
          target_id: session.target_id,
          reason,
          by_id: by.id,
          by_name: by.name,
          created_at: now,
          lifted_by: null,
        })
        .execute();
      return trx
        .insertInto('orders')
        .values({
          id: payload.orderId,
          session_id: session.id,
          device_id: session.device_id,
          kind: 'kill',
          reason,
          by_id: by.id,
          by_name: by.name,
          by_role: by.role,
          lock_id: payload.lock.id,
          state: 'requested',
          requested_at: now,
          survivors: 'unknown',
          ...signed,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
    });
  }

  /** Fail closed: what can be cut is cut, and nothing renews the session, although there is no lock and no order to send. */
  function cutUnstored(sessionId: string, acceptedAt: number): never {
    parts.leases.stop(sessionId);
    parts.broker.forget(sessionId);
    parts.cutWire(sessionId, { id: 'not-stored', acceptedAt })?.catch(logFailure);
    throw new SallyportError(
      'SP-5010',
      'The kill could not be stored, so there is no lock and the launcher was not told. The relay was cut and the lease is not renewed: the session ends within 15 s, but its person may connect again. Try again.',
    );
  }

  async function visibleSession(actor: Actor, sessionId: string) {
    const found = await findOwned(core.reader, sessionId);
    if (found === null) return null;
    const [see, kill] = await core.policy.decideMany(actor, [
      { action: 'SeeSessions', resource: found.resource },
      { action: 'KillSession', resource: found.resource },
    ]);
    const mayKill = kill?.allowed === true;
    return mayKill || see?.allowed === true || found.session.user_id === actor.userId ? { ...found, mayKill } : null;
  }

  return {
    async kill(actor, sessionId, reason) {
      const acceptedAt = core.clock.monotonicMs();
      const found = await visibleSession(actor, sessionId);
      if (found === null)
        throw new SallyportError(
          'SP-5002',
          'There is no such session. List the running sessions and use an id from there.',
        );
      if (!found.mayKill)
        throw new SallyportError('SP-5003', 'You may see this session but not kill it. Ask someone whose role may.');
      const row = await store(actor, found.session, found.target.name, reason).catch((error: unknown) => {
        log.error({ err: error }, 'a kill could not be stored');
        return cutUnstored(sessionId, acceptedAt);
      });
      if (row === null) {
        const earlier = await orderOfSession(core.reader, sessionId);
        if (earlier !== null && found.session.ended_at === null) return toOrderView(earlier);
        throw new SallyportError(
          'SP-4011',
          'This session has ended already, so there is nothing to kill. No lock was made.',
          { facts: { session: sessionId } },
        );
      }
      accepted.set(row.id, acceptedAt);
      issuedHere.set(row.id, row);
      parts.leases.stop(sessionId);
      parts.broker.forget(sessionId);
      bus.publish('issued', row.id);
      issuedHere.delete(row.id);
      accepted.delete(row.id);
      hub.changed(['targets'], found.session.user_id);
      const detail = { session: sessionId, user: found.session.user_id, target: found.target.name, reason };
      try {
        await core.audit.record({ event: 'order.requested', actor: actor.userId, subject: row.id, detail });
        await core.audit.record({ event: 'lock.created', actor: actor.userId, subject: row.lock_id, detail });
      } catch (error) {
        // It is done, and order and lock say by whom and why: an answer of failure would be untrue.
        log.error({ err: error, order: row.id }, 'a kill could not be audited');
      }
      return toOrderView((await findOrder(core.reader, row.id)) ?? row);
    },
    async get(actor, orderId, { waitMs, after }) {
      const missing = new SallyportError('SP-4010', 'There is no such order. Use the id that the kill answered.');
      const first = await findOrder(core.reader, orderId);
      if (first === null || (first.by_id !== actor.userId && (await visibleSession(actor, first.session_id)) === null))
        throw missing;
      if (waitMs === 0 || first.state === 'confirmed' || (after !== undefined && after !== first.state))
        return toOrderView(first);
      await waitForChange(bus, orderId, waitMs, async () => {
        // It may have moved between the first look and the subscription.
        const again = await findOrder(core.reader, orderId);
        return JSON.stringify(again) !== JSON.stringify(first);
      });
      return toOrderView((await findOrder(core.reader, orderId)) ?? first);
    },
    advance,
    async resend(deviceId) {
      for (const row of await openOrders(core.reader, deviceId)) send(row);
    },
    async close() {
      unsubscribe();
      await Promise.all(steps.values());
    },
  };
}

/** Resolves at the next change, after `waitMs`, or at once when `moved` says so. */
async function waitForChange(
  bus: OrderBus,
  orderId: string,
  waitMs: number,
  moved: () => Promise<boolean>,
): Promise<void> {
  let done = () => {};
  const changed = new Promise<void>((resolve) => {
    done = resolve;
  });
  const unsubscribe = bus.subscribe('changed', (id) => id === orderId && done());
  const timer = setTimeout(() => done(), waitMs);
  try {
    if (!(await moved())) await changed;
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}
