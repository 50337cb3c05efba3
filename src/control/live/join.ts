import { closeCodes } from '../../shared/protocol/control-channel.ts';
import type { CoreContext } from '../context.ts';
import type { Relay } from '../relay/relay.ts';
import type { AccessEnds } from './access-ends.ts';
import type { Hub } from './hub.ts';
import type { LauncherChannels } from './launcher-channels.ts';
import type { Leases } from './leases.ts';
import type { OneChannel } from './one-channel.ts';
import type { Orders } from './orders.ts';
import type { SessionEnds } from './session-ends.ts';
import { makeWatch, type Watch } from './watch.ts';

/** Ids in one message: it must stay under what the bus carries. */
const devicesAtOnce = 100;
const againMs = 1000;

/**
 * Joins what happens in this process to the others on its database: local events go to all, and what comes from any is done here for what this process
 * carries. Alone, the same way without a network. Resolves when the others can see it.
 */
export async function joinOthers(parts: {
  core: CoreContext;
  hub: Hub;
  leases: Leases;
  relay: Relay;
  ends: SessionEnds;
  orders: Orders;
  channels: LauncherChannels;
  oneChannel: OneChannel;
  accessEnds: AccessEnds;
}): Promise<Watch> {
  const { core, hub, leases, relay, channels } = parts;
  const { bus, events } = core;
  let stopped = false;

  /** Until it is done: a session whose right is gone must not go on because the database was away for a moment. */
  function carryOut(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      core.log.error({ err: error }, 'what was changed could not be carried out; it is tried again');
      setTimeout(() => stopped || carryOut(work), againMs).unref();
    });
  }

  function revoke(deviceIds: readonly string[], because: string): void {
    for (const deviceId of deviceIds) {
      leases.stopDevice(deviceId);
      relay.endDevice(deviceId, closeCodes.revoked, 'revoked');
    }
    channels.revoke(deviceIds, because);
  }

  async function applied(version: number): Promise<void> {
    await core.inForce.upTo(version);
    hub.changedHere(['targets', 'recordings', 'sessions', 'me']);
    await parts.accessEnds.recheck();
  }

  bus.subscribe('devices-revoked', ({ deviceIds, because }) => revoke(deviceIds, because));
  bus.subscribe('access-ended', ({ requestId }) => carryOut(() => parts.accessEnds.revoked(requestId)));
  bus.subscribe('applied', ({ version }) => carryOut(() => applied(version)));

  events.on('devices-revoked', ({ deviceIds, because }) => {
    for (let from = 0; from < deviceIds.length; from += devicesAtOnce)
      bus.publish('devices-revoked', { deviceIds: deviceIds.slice(from, from + devicesAtOnce), because });
  });
  events.on('access-ended', (message) => bus.publish('access-ended', message));
  events.on('applied', (message) => bus.publish('applied', message));

  const watch = makeWatch({
    ...parts,
    onRevoked: (deviceIds) => revoke(deviceIds, 'it was revoked'),
    onApplied: (version) => carryOut(() => applied(version)),
  });
  await watch.look();
  return {
    look: watch.look,
    close() {
      stopped = true;
      return watch.close();
    },
  };
}
