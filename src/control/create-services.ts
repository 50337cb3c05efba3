import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { closeCodes } from '../shared/protocol/control-channel.ts';
import { openBroker } from './broker/broker.ts';
import { makeHandovers } from './broker/handover/handovers.ts';
import type { CoreContext } from './context.ts';
import { makeAccessEnds } from './live/access-ends.ts';
import { makeHub } from './live/hub.ts';
import { joinOthers } from './live/join.ts';
import { makeLauncherChannels } from './live/launcher-channels.ts';
import { makeLeaseStore } from './live/lease-store.ts';
import { startLeases } from './live/leases.ts';
import { makeOneChannel } from './live/one-channel.ts';
import { makeOrders } from './live/orders.ts';
import { makeSessionEnds } from './live/session-ends.ts';
import { grantOf } from './live/session-store.ts';
import { makeTargetFacts } from './live/target-facts.ts';
import { startEvidenceCare } from './recordings/evidence-care.ts';
import { makeFolderStore } from './recordings/folder-store.ts';
import { startMissingWatch } from './recordings/missing-watch.ts';
import { makeRecordings } from './recordings/recordings.ts';
import { makeJournalTails } from './recordings/tails.ts';
import { makeRelay } from './relay/relay.ts';
import { makeWireKeeper } from './relay/wire-keeper.ts';
import { accessLeftMs } from './requests/grants.ts';
import { makeAccessRequests } from './requests/requests.ts';
import { makeReview } from './review/review.ts';
import { openSearch } from './search/search.ts';
import { passwordSecretName } from './secrets/secret-name.ts';
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
  const hub = makeHub({ supersededCode: closeCodes.superseded, bus: core.bus });
  const leases = startLeases({
    clock: core.clock,
    signer: core.signer,
    store: core.shared === null ? null : makeLeaseStore(core.shared.db),
    onFailure: (error) => core.log.warn({ err: error }, 'leases could not be renewed'),
    isConnected: hub.isConnected,
    send: hub.send,
    onLapsed: (sessionId) =>
      ends.ranOut(sessionId).catch((error: unknown) => {
        logFailure(error);
        throw error;
      }),
  });
  const store = makeFolderStore(core.config.recordings.folder, core.config.recordings.shared);
  const keeper = makeWireKeeper(core, store);
  const relay = makeRelay({
    core,
    keeper,
    know: leases.know,
    handovers: makeHandovers({
      core,
      passwordFor: (of) => core.vault.get(passwordSecretName(of)),
    }),
    cutAt: leases.cutAt,
    isAccessOver: leases.isAccessOver,
    onReachability: () => hub.changed(['targets']),
  });
  const ends = makeSessionEnds({
    core,
    broker,
    leases,
    hub,
    onEnd(sessionId, how) {
      if (how === 'lease-expired') relay.end(sessionId, closeCodes.leaseExpired, 'the lease ran out', true);
      else if (how === 'access-over')
        relay.end(sessionId, closeCodes.accessOver, 'the time of the access is over', true);
      else relay.end(sessionId, closeCodes.ended, 'the session ended', false);
    },
  });
  const orders = makeOrders({ core, hub, leases, broker, cutWire: relay.cut, forgetCut: relay.forgetCut });
  const oneChannel = makeOneChannel({ core, hub, supersededCode: closeCodes.superseded });
  const tails = makeJournalTails(core);
  const channels = makeLauncherChannels({ core, hub, leases, orders, ends, oneChannel, tails });

  // Where others share the database the leases are there.
  const running =
    core.shared === null
      ? await core.reader.selectFrom('sessions').selectAll().where('ended_at', 'is', null).execute()
      : [];
  for (const session of running) {
    const spent = core.clock.now().getTime() - session.granted_at.getTime();
    const under = session.access_request_id;
    leases.resume({
      sessionId: session.id,
      deviceId: session.device_id,
      lifeMs: grantOf(session).limits.maxSeconds * 1000 - spent,
      accessMs: under === null ? null : await accessLeftMs(core.reader, under, core.clock.now()),
      opened: session.opened_at !== null,
    });
    if (session.killed_at !== null) leases.stop(session.id);
  }

  const accessEnds = makeAccessEnds({ core, broker, leases, relay, ends });
  const watch = await joinOthers({ core, hub, leases, relay, ends, orders, channels, oneChannel, accessEnds });

  const requests = makeAccessRequests({ core, hub });
  const missing = startMissingWatch(core, () => hub.changed(['recordings']));
  const care = startEvidenceCare({ core, broker, store });
  const search = await openSearch({ core, broker, store });
  const recordings = makeRecordings({ core, broker, hub, store, tails, onText: search.stored });
  const review = makeReview({ core, onChange: () => hub.changed(['recordings']) });

  return {
    targetFacts: makeTargetFacts(core),
    broker,
    leases,
    hub,
    channels,
    orders,
    relay,
    requests,
    recordings,
    review,
    search,
    async close() {
      leases.close();
      // Stopped first, waited for last: nobody's connection waits for a look at old evidence.
      const cared = care.close();
      const searched = search.close();
      await missing.close();
      await requests.close();
      hub.close();
      await relay.close();
      await keeper.close();
      await recordings.close();
      await orders.close();
      await watch.close();
      await cared;
      await searched;
    },
  };
}
