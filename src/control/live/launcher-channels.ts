import type { WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/control-channel.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { isRevoked } from '../identity/people.ts';
import type { JournalTails } from '../recordings/tails.ts';
import { openChannel } from './channel.ts';
import type { Hub } from './hub.ts';
import { makeJournalPieces } from './journal-pieces.ts';
import { makeLauncherMessages } from './launcher-messages.ts';
import type { Leases } from './leases.ts';
import type { OneChannel } from './one-channel.ts';
import type { Orders } from './orders.ts';
import type { SessionEnds } from './session-ends.ts';

export interface LauncherChannels {
  /** Serves a launcher's control channel until it closes. */
  serve(socket: WebSocket, actor: Actor & { device: NonNullable<Actor['device']> }): void;
  /** Devices lost their right to be here: told why, closed within a second. */
  revoke(deviceIds: readonly string[], because: string): void;
}

export function makeLauncherChannels(parts: {
  core: CoreContext;
  hub: Hub;
  leases: Leases;
  orders: Orders;
  ends: SessionEnds;
  oneChannel: OneChannel;
  tails: JournalTails;
}): LauncherChannels {
  const { core, hub } = parts;
  return {
    serve(socket, actor) {
      const handle = makeLauncherMessages(parts, actor.device.id);
      const take = makeJournalPieces(parts, actor.device.id);
      const channel = openChannel({
        socket,
        deviceId: actor.device.id,
        userId: actor.userId,
        clock: core.clock,
        limits: core.config.limits,
        async onMessage(message) {
          // A launcher that has its hello may connect anew at once, and that claim must come after this one.
          if (await claimed) await handle(message, channel);
        },
        async onPiece(piece) {
          if (await claimed) await take(piece, channel);
        },
        onFailure: (error) =>
          core.log.error({ err: error, device: actor.device.id }, 'a launcher message could not be handled'),
        onClose(why) {
          hub.detach(channel);
          core.log.info({ device: actor.device.id, why }, 'control channel closed');
        },
      });
      hub.attach(channel);
      core.log.info({ device: actor.device.id }, 'control channel opened');
      const claimed = parts.oneChannel.claim(channel).catch((error: unknown) => {
        core.log.error({ err: error, device: actor.device.id }, 'a control channel could not be numbered');
        channel.close(1011, 'the server failed');
        return false;
      });
      void closeRevoked(actor.device.id).catch((error: unknown) => {
        core.log.error({ err: error, device: actor.device.id }, 'a device could not be looked up again');
        channel.close(1011, 'the server failed');
      });
    },
    revoke,
  };

  /** A revocation between the proof and `attach` found no channel to close. */
  async function closeRevoked(deviceId: string): Promise<void> {
    if (await isRevoked(core.reader, deviceId)) revoke([deviceId], 'it was revoked');
  }

  function revoke(deviceIds: readonly string[], because: string): void {
    for (const deviceId of deviceIds) {
      const message = `This device lost its access: ${because}. Running sessions end now. Ask your administrator for a new invite.`;
      hub.send(deviceId, { type: 'revoked', problem: { code: 'SP-1005', message } });
      hub.closeDevice(deviceId, closeCodes.revoked, 'revoked');
    }
  }
}
