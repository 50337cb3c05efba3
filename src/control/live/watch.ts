import { sql } from 'kysely';
import { deleteExpiredLoginKeys } from '../broker/stored-login-keys.ts';
import type { CoreContext, Writer } from '../context.ts';
import type { Relay } from '../relay/relay.ts';
import type { Hub } from './hub.ts';
import { leaseRanOut } from './lease-store.ts';
import type { Leases } from './leases.ts';
import type { OneChannel } from './one-channel.ts';
import { ordersFor, waitingForNoWire } from './order-store.ts';
import type { Orders } from './orders.ts';
import type { SessionEnds } from './session-ends.ts';

/** Milliseconds: an order that could not be heard is carried out within these. */
const everyMs = 1000;
/** Looks between two of the chores that nobody waits for. */
const choresEvery = 10;
const atOnce = 100;

export interface Watch {
  /** Looks now, or once more after a look that is under way. Resolves when done; never rejects. */
  look(): Promise<void>;
  /** Resolves when a look that is under way is done and the others know that this process is gone. */
  close(): Promise<void>;
}

/**
 * What this process must do because of what others did, read from the database every second: nothing depends on a message having been heard. Also says
 * that this process lives, and ends sessions whose lease nobody holds any more. Where the process is alone there is nothing to see.
 */
export function makeWatch(parts: {
  core: CoreContext;
  hub: Hub;
  leases: Leases;
  orders: Orders;
  ends: SessionEnds;
  oneChannel: OneChannel;
  relay: Pick<Relay, 'storeClosedAgain'>;
  onRevoked(deviceIds: readonly string[]): void;
  onApplied(version: number): void;
}): Watch {
  const { core, hub, leases, orders, ends } = parts;
  const me = core.bus.processId;
  let looks = 0;
  let failing = false;

  async function sayAlive(db: Writer): Promise<void> {
    const seen_at = sql<Date>`now()`;
    await db
      .insertInto('control_processes')
      .values({ id: me, seen_at })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at }))
      .execute();
  }

  async function carryOutOrders(db: Writer): Promise<void> {
    orders.catchUp(await ordersFor(db, { sessionIds: leases.known(), deviceIds: hub.connected() }));
    await parts.relay.storeClosedAgain(db);
    for (const orderId of await waitingForNoWire(db)) await orders.wireGone(orderId);
  }

  async function closeRevoked(db: Writer): Promise<void> {
    const revoked = await db
      .selectFrom('devices')
      .select('id')
      .where('revoked_at', 'is not', null)
      .where('id', '=', sql<string>`any(${[...new Set([...hub.connected(), ...leases.devices()])]}::text[])`)
      .execute();
    if (revoked.length > 0) parts.onRevoked(revoked.map((device) => device.id));
  }

  async function endAbandoned(db: Writer): Promise<void> {
    const abandoned = await db
      .selectFrom('sessions')
      .select('id')
      .where('ended_at', 'is', null)
      .where(leaseRanOut)
      .limit(atOnce)
      .execute();
    for (const { id } of abandoned) await ends.ranOut(id);
  }

  async function lookOnce(db: Writer): Promise<void> {
    await sayAlive(db);
    await carryOutOrders(db);
    await closeRevoked(db);
    for (const { sessionId, byServer } of await leases.takeOver())
      ends.heard(sessionId, byServer ? 'lease-expired' : 'by-launcher');
    await parts.oneChannel.look();
    const applied = await db.selectFrom('organisation').select('version').executeTakeFirst();
    if (applied !== undefined && applied.version > core.inForce.version) parts.onApplied(applied.version);
    await endAbandoned(db);
    if (looks % choresEvery === 0) {
      await deleteExpiredLoginKeys(db);
      await db.deleteFrom('control_processes').where('seen_at', '<', sql<Date>`now() - interval '1 hour'`).execute();
    }
    looks += 1;
  }

  let looking: Promise<void> = Promise.resolve();
  let waiting = false;
  function look(): Promise<void> {
    const { shared } = core;
    if (shared === null || waiting) return looking;
    waiting = true;
    looking = looking
      .then(() => {
        waiting = false;
        return lookOnce(shared.db);
      })
      .then(
        () => {
          failing = false;
        },
        (error: unknown) => {
          // Until it works again nothing is renewed here either, so what runs here runs out.
          if (!failing) core.log.error({ err: error }, 'what other control processes did could not be looked up');
          failing = true;
        },
      );
    return looking;
  }

  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  core.bus.onMissed(() => {
    void look();
    hub.changedHere(['targets', 'recordings', 'sessions', 'me']);
  });

  return {
    look,
    async close() {
      clearInterval(timer);
      await looking;
      await core.shared?.db
        .deleteFrom('control_processes')
        .where('id', '=', me)
        .execute()
        .catch((error: unknown) => core.log.warn({ err: error }, 'this process could not say that it stops'));
    },
  };
}
