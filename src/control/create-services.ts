import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { closeCodes } from '../shared/protocol/control-channel.ts';
import { openBroker } from './broker/broker.ts';
import type { CoreContext } from './context.ts';
import { makeHub } from './live/hub.ts';
import { makeLauncherChannels } from './live/launcher-channels.ts';
import { startLeases } from './live/leases.ts';
import { makeLocalOrderBus } from './live/order-bus.ts';
import { makeOrders } from './live/orders.ts';
import { makeSessionEnds } from './live/session-ends.ts';
import { grantOf } from './live/session-store.ts';
import { makeTargetFacts } from './live/target-facts.ts';
import { startMissingWatch } from './recordings/missing-watch.ts';
import { makeRecordings } from './recordings/recordings.ts';
import { makeRelay } from './relay/relay.ts';
import type { Services } from './services.ts';

/** Where the public key of the SSH certificate authority lies: one OpenSSH line. */
export function sshAuthorityFile(dataFolder: string): string {
  return path.join(dataFolder, 'ssh-authority.pub');
}

/** Builds everything above the core. `core` is complete when this is called; nothing is listening yet. */
export async function createServices(core: CoreContext): Promise<Services> {
  const broker = await openBroker(core);
  // Public: what a target's TrustedUserCAKeys names.
  await writeFile(sshAuthorityFile(core.dataFolder), `${broker.authority}\n`, { mode: 0o644 });

  const logFailure = (error: unknown) => core.log.error({ err: error }, 'the end of a session could not be stored');
  const hub = makeHub({ supersededCode: closeCodes.superseded });
  const leases = startLeases({
    clock: core.clock,
    signer: core.signer,
    isConnected: hub.isConnected,
    send: hub.send,
    onLapsed: (sessionId) =>
      ends.lapsed(sessionId).catch((error: unknown) => {
        logFailure(error);
        throw error;
      }),
  });
  const relay = makeRelay({ core, cutAt: leases.cutAt, onReachability: () => hub.changed(['targets']) });
  const ends = makeSessionEnds({
    core,
    broker,
    leases,
    hub,
    onEnd: (sessionId, how) =>
      how === 'lease-expired'
        ? relay.end(sessionId, closeCodes.leaseExpired, 'the lease ran out', true)
        : relay.end(sessionId, closeCodes.ended, 'the session ended', false),
  });
  const orders = makeOrders({ core, bus: makeLocalOrderBus(), hub, leases, broker, cutWire: relay.cut });
  const channels = makeLauncherChannels({ core, hub, leases, orders, ends });

  const running = await core.reader.selectFrom('sessions').selectAll().where('ended_at', 'is', null).execute();
  for (const session of running) {
    const spent = core.clock.now().getTime() - session.granted_at.getTime();
    leases.resume({
      sessionId: session.id,
      deviceId: session.device_id,
      lifeMs: grantOf(session).limits.maxSeconds * 1000 - spent,
      opened: session.opened_at !== null,
    });
    if (session.killed_at !== null) leases.stop(session.id);
  }

  core.events.on('devices-revoked', ({ deviceIds, because }) => {
    for (const deviceId of deviceIds) {
      leases.stopDevice(deviceId);
      relay.endDevice(deviceId, closeCodes.revoked, 'revoked');
    }
    channels.revoke(deviceIds, because);
  });
  core.events.on('applied', () => hub.changed(['targets', 'recordings', 'sessions', 'me']));

  const missing = startMissingWatch(core, () => hub.changed(['recordings']));

  return {
    targetFacts: makeTargetFacts(core),
    broker,
    leases,
    hub,
    channels,
    orders,
    relay,
    recordings: makeRecordings({ core, broker, hub }),
    async close() {
      leases.close();
      await missing.close();
      hub.close();
      await relay.close();
      await orders.close();
    },
  };
}
