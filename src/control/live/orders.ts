import { SallyportError } from '../../shared/errors/result.ts';
import type { OrderView } from '../../shared/model/order.ts';
import type { Actor } from '../actor.ts';
import type { Broker } from '../broker/broker.ts';
import type { Bus } from '../bus/bus.ts';
import type { CoreContext } from '../context.ts';
import type { Hub } from './hub.ts';
import { type OrderEvent, type OrderProgress, stepOrder } from './kill-order.ts';
import { storeKill } from './kill-store.ts';
import type { Leases } from './leases.ts';
import {
  ageOf,
  findOrder,
  isWiredElsewhere,
  lockOrder,
  type OrderRow,
  openOrders,
  orderOfSession,
  progressOf,
  saveProgress,
  signedOrderOf,
  toOrderView,
} from './order-store.ts';
import { findOwned, type SessionRow } from './session-store.ts';

/** What a launcher says of an order; whether a wire is still being closed is for the server to know. */
export type LauncherEvent =
  | Extract<OrderEvent, { type: 'received' }>
  | Omit<Extract<OrderEvent, { type: 'done' }>, 'wire'>;

export interface Orders {
  /**
   * Orders the end of a session and of its person's other sessions at that target, and locks them out of it. A session that has an order already
   * gets no second one: the first is answered. Throws SP-5002 (not for this person to know), SP-5003, SP-4011 (ended already; the message says whether
   * there is a lock).
   */
  kill(actor: Actor, sessionId: string, reason: string): Promise<OrderView>;
  /** Throws SP-4010. With `waitMs` answers at the next change; at once when the state is not `after` any more or nothing can follow. */
  get(actor: Actor, orderId: string, wait: { waitMs: number; after?: string | undefined }): Promise<OrderView>;
  /** Moves an order on by what its launcher says. False when there is no such order of that device. */
  advance(orderId: string, deviceId: string, event: LauncherEvent): Promise<boolean>;
  /** Sends a device every order it has not confirmed. */
  resend(deviceId: string): Promise<void>;
  /** Carries out what was issued while this process could not hear it. */
  catchUp(open: readonly OrderRow[]): void;
  /** Confirms what waited for a wire of which nobody will say any more that it closed. */
  wireGone(orderId: string): Promise<void>;
  /** Resolves when what was under way is stored. */
  close(): Promise<void>;
}

export function makeOrders(parts: {
  core: CoreContext;
  hub: Hub;
  leases: Leases;
  broker: Broker;
  /** Cuts the wire of a session here and now. Resolves with the times when its socket is closed; null when there is none in this process. */
  cutWire(sessionId: string, order: { id: string; acceptedAt: number }): Promise<{ at: string; ms: number }> | null;
  /** Called when what came of a cut is stored. */
  forgetCut(sessionId: string): Promise<void>;
}): Orders {
  const { core, hub } = parts;
  const { log, bus } = core;
  /** What an order does must not wait behind requests. */
  const db = core.shared?.db ?? core.writer;
  /** Orders that this process has carried out, of those that are not confirmed. */
  const carried = new Set<string>();
  /** Orders whose wire this process is closing. */
  const closing = new Set<string>();
  const steps = new Map<string, Promise<unknown>>();

  function advance(orderId: string, deviceId: string | null, event: OrderEvent): Promise<boolean> {
    const work = (steps.get(orderId) ?? Promise.resolve()).then(async () => {
      const moved = await db.transaction().execute(async (trx) => {
        const row = await lockOrder(trx, orderId);
        if (row === null || (deviceId !== null && row.device_id !== deviceId)) return null;
        const before = progressOf(row);
        const after = stepOrder(before, event);
        if (after !== before) await saveProgress(trx, orderId, after);
        return { row, before, after };
      });
      if (moved === null) return false;
      const { row, before, after } = moved;
      if (after === before) return true;
      bus.publish('order-changed', { orderId });
      if (after.state === 'confirmed' && before.state !== 'confirmed') {
        carried.delete(orderId);
        await confirmed(row, after);
      }
      return true;
    });
    const settled = work.catch(() => undefined);
    steps.set(orderId, settled);
    void settled.then(() => {
      if (steps.get(orderId) === settled) steps.delete(orderId);
    });
    return work;
  }

  async function confirmed(row: OrderRow, order: OrderProgress): Promise<void> {
    const { launcherClosedMs: closedMs, relayClosedMs, survivors } = order;
    await core.audit.record({
      event: 'order.confirmed',
      actor: 'server',
      subject: row.id,
      detail: { session: row.session_id, closedMs, relayClosedMs, survivors },
    });
  }

  /** In every control process: the one with the wire cuts it, the one with the launcher tells it. `acceptedAt`: this process's monotonic clock. */
  function carryOut(row: OrderRow, acceptedAt: number): void {
    const orderId = row.id;
    const isOpen = row.confirmed_at === null;
    if (isOpen) carried.add(orderId);
    parts.leases.stop(row.session_id);
    parts.broker.forget(row.session_id);
    cutFor(orderId, row.session_id, acceptedAt);
    // Confirmed since it was seen open: its launcher is not told again.
    if (isOpen) send(row);
  }

  function cutFor(orderId: string, sessionId: string, acceptedAt: number): void {
    const cut = parts.cutWire(sessionId, { id: orderId, acceptedAt });
    if (cut === null) return;
    closing.add(orderId);
    cut
      .then((times) => {
        closing.delete(orderId);
        return advance(orderId, null, { type: 'relay-closed', ...times });
      })
      .catch(logFailure)
      .then(() => parts.forgetCut(sessionId))
      .catch(logFailure);
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

  /** Of an order that another process took: it is stored, and when it was stored says for how long it has been waiting. */
  async function carryOutOf(orderId: string, sessionId: string): Promise<void> {
    if (carried.has(orderId)) return;
    parts.leases.stop(sessionId);
    const heardAt = core.clock.monotonicMs();
    try {
      const [row, age] = await Promise.all([findOrder(db, orderId), ageOf(db, orderId)]);
      if (row !== null) carryOut(row, heardAt - age);
    } catch (error) {
      logFailure(error);
      cutFor(orderId, sessionId, heardAt);
    }
  }

  const unsubscribes = [
    bus.subscribe('order-issued', ({ orderId, sessionId }) => void carryOutOf(orderId, sessionId)),
    bus.subscribe('session-cut', ({ sessionId }) => {
      parts.leases.stop(sessionId);
      parts.broker.forget(sessionId);
      const order = { id: 'not-stored', acceptedAt: core.clock.monotonicMs() };
      parts
        .cutWire(sessionId, order)
        ?.then(() => parts.forgetCut(sessionId))
        .catch(logFailure);
    }),
  ];

  /**
   * Fail closed: what can be cut is cut, and nothing renews it, although there is no lock and no order to send. The person's other sessions on that target
   * too, as far as the store can still say which those are.
   */
  async function cutUnstored(session: SessionRow): Promise<never> {
    bus.publish('session-cut', { sessionId: session.id });
    const others = await core.reader
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', session.user_id)
      .where('target_id', '=', session.target_id)
      .where('id', '<>', session.id)
      .where('ended_at', 'is', null)
      .execute()
      .catch((error: unknown) => {
        log.error({ err: error }, 'the other sessions of a kill could not be read');
        return [];
      });
    for (const { id } of others) bus.publish('session-cut', { sessionId: id });
    throw new SallyportError(
      'SP-5010',
      'The kill could not be stored, so there is no lock and the launcher was not told. The relay was cut and the lease is not renewed: the session ends within 15 s, but its person may connect again. Try again.',
    );
  }

  async function closesElsewhere(orderId: string): Promise<boolean> {
    if (core.shared === null) return false;
    const order = await findOrder(core.reader, orderId);
    return order !== null && isWiredElsewhere(core.reader, order.session_id, bus.processId);
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
      const { session, target } = found;
      const stored = await storeKill(core, actor, { session, targetName: target.name, reason }).catch(
        (error: unknown) => {
          log.error({ err: error }, 'a kill could not be stored');
          return cutUnstored(session);
        },
      );
      const orders = stored.kind === 'ordered' ? stored.orders : [];
      for (const row of orders) {
        // Here at once; its own message finds it carried out.
        carryOut(row, acceptedAt);
        bus.publish('order-issued', { orderId: row.id, sessionId: row.session_id });
      }
      if (stored.kind === 'nothing') {
        const earlier = await orderOfSession(core.reader, sessionId);
        if (earlier !== null && session.ended_at === null) return toOrderView(earlier);
        throw ended(sessionId, 'so there is nothing to kill. No lock was made.');
      }
      hub.changed(['targets'], session.user_id);
      const facts = { user: session.user_id, target: target.name, reason };
      try {
        for (const row of orders) {
          const detail = { session: row.session_id, ...facts };
          await core.audit.record({ event: 'order.requested', actor: actor.userId, subject: row.id, detail });
        }
        const detail = { session: sessionId, ...facts };
        await core.audit.record({ event: 'lock.created', actor: actor.userId, subject: stored.lockId, detail });
      } catch (error) {
        // It is done, and order and lock say by whom and why: an answer of failure would be untrue.
        log.error({ err: error, lock: stored.lockId }, 'a kill could not be audited');
      }
      if (stored.kind === 'locked') {
        throw ended(
          sessionId,
          `so there was nothing to kill. Its person is locked out of ${target.name} all the same.`,
          stored.lockId,
        );
      }
      const [first] = stored.orders;
      return toOrderView((await findOrder(core.reader, first.id)) ?? first);
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
    async advance(orderId, deviceId, event) {
      if (event.type !== 'done') return advance(orderId, deviceId, event);
      const closes = closing.has(orderId) || (await closesElsewhere(orderId));
      return advance(orderId, deviceId, { ...event, wire: closes ? 'closing' : 'none' });
    },
    async resend(deviceId) {
      for (const row of await openOrders(core.reader, deviceId)) send(row);
    },
    catchUp(open) {
      for (const orderId of carried) if (!open.some((row) => row.id === orderId)) carried.delete(orderId);
      for (const row of open) if (!carried.has(row.id)) void carryOutOf(row.id, row.session_id);
    },
    async wireGone(orderId) {
      await advance(orderId, null, { type: 'wire-gone', at: core.clock.now().toISOString() });
    },
    async close() {
      for (const unsubscribe of unsubscribes) unsubscribe();
      await Promise.all(steps.values());
    },
  };
}

const lookAgainMs = 2000;

function ended(sessionId: string, then: string, lock?: string): SallyportError {
  return new SallyportError('SP-4011', `This session has ended already, ${then}`, {
    facts: { session: sessionId, ...(lock === undefined ? {} : { lock }) },
  });
}

/** Resolves at the next change, after `waitMs`, or at once when `moved` says so. */
async function waitForChange(bus: Bus, orderId: string, waitMs: number, moved: () => Promise<boolean>): Promise<void> {
  let done = () => {};
  const changed = new Promise<void>((resolve) => {
    done = resolve;
  });
  const unsubscribe = bus.subscribe('order-changed', (message) => message.orderId === orderId && done());
  const timer = setTimeout(() => done(), waitMs);
  // A message from another process can be lost with its connection.
  const look = setInterval(() => void moved().then((found) => found && done(), done), lookAgainMs);
  try {
    if (!(await moved())) await changed;
  } finally {
    clearTimeout(timer);
    clearInterval(look);
    unsubscribe();
  }
}
