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
  const logFailure = (error: unknown) => core.log.error({ err: error }, 'what was changed could not be carried out');

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
  bus.subscribe('access-ended', ({ requestId }) => void parts.accessEnds.revoked(requestId).catch(logFailure));
  bus.subscribe('applied', ({ version }) => void applied(version).catch(logFailure));

  events.on('devices-revoked', ({ deviceIds, because }) => {
    for (let from = 0; from < deviceIds.length; from += devicesAtOnce)
      bus.publish('devices-revoked', { deviceIds: deviceIds.slice(from, from + devicesAtOnce), because });
  });
  events.on('access-ended', (message) => bus.publish('access-ended', message));
  events.on('applied', (message) => bus.publish('applied', message));

  const watch = makeWatch({
    ...parts,
    onRevoked: (deviceIds) => revoke(deviceIds, 'it was revoked'),
    onApplied: (version) => void applied(version).catch(logFailure),
  });
  await watch.look();
  return watch;
}
