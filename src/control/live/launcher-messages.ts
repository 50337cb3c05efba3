import { assertNever } from '../../shared/errors/result.ts';
import type { LauncherToControl } from '../../shared/protocol/control-channel.ts';
import type { CoreContext } from '../context.ts';
import { findPerson } from '../identity/people.ts';
import type { JournalTails } from '../recordings/tails.ts';
import { MalformedMessage } from './channel.ts';
import type { Channel } from './hub.ts';
import type { Leases } from './leases.ts';
import type { Orders } from './orders.ts';
import type { SessionEnds } from './session-ends.ts';
import { findSession, type SessionRow } from './session-store.ts';
import { mayStillConnect } from './still-allowed.ts';

interface Parts {
  core: CoreContext;
  leases: Leases;
  orders: Orders;
  ends: SessionEnds;
  tails: JournalTails;
}

/**
 * What a launcher says about sessions and orders, for one channel. It may speak only of its own device's: anything else is `MalformedMessage`,
 * which closes the channel (its sessions then lose their leases).
 */
export function makeLauncherMessages(
  parts: Parts,
  deviceId: string,
): (message: LauncherToControl, channel: Channel) => Promise<void> {
  const { core, leases, orders, ends } = parts;
  /** Sessions known to be this device's: a head comes every second for each. */
  const own = new Set<string>();
  let greeted = false;

  async function ownSession(sessionId: string): Promise<SessionRow> {
    const session = await findSession(core.reader, sessionId);
    if (session === null || session.device_id !== deviceId)
      throw new MalformedMessage('a session that is not of this device');
    own.add(sessionId);
    await leases.know(sessionId);
    // Its right may have gone while another process counted it, or none: nothing of that is stored with the session.
    const person = await findPerson(core.reader, session.user_id);
    if (person === null || !(await mayStillConnect(core, person, session))) leases.stop(sessionId);
    return session;
  }

  return async (message, channel) => {
    switch (message.type) {
      case 'heartbeat':
        return;
      case 'hello':
        // Each one re-sends every open order: a second on the same channel has no reason.
        if (greeted) throw new MalformedMessage('a second hello');
        greeted = true;
        channel.send({ type: 'hello', serverTime: core.clock.now().toISOString() });
        await ends.missing(deviceId, message.sessions);
        return orders.resend(deviceId);
      case 'session-opened':
        return ends.opened(await ownSession(message.sessionId));
      case 'session-ended':
        return ends.endedByLauncher(await ownSession(message.sessionId), message.reason, message.at);
      case 'recording-head': {
        if (!own.has(message.sessionId)) await ownSession(message.sessionId);
        const { outputBytes, inputBytes } = message;
        leases.head(message.sessionId, { outputBytes, inputBytes });
        return;
      }
      case 'journal-position':
        await ownSession(message.sessionId);
        channel.send({
          type: 'frames-acknowledged',
          sessionId: message.sessionId,
          offset: await parts.tails.position(message.sessionId),
        });
        return;
      case 'order-received':
      case 'order-done': {
        const at = core.clock.now().toISOString();
        const event =
          message.type === 'order-received'
            ? ({ type: 'received', at } as const)
            : ({
                type: 'done',
                at,
                socketClosedAt: message.socketClosedAt,
                closedMs: message.closedMs,
                survivors: message.survivors,
              } as const);
        if (!(await orders.advance(message.orderId, deviceId, event)))
          throw new MalformedMessage('an order that is not for this device');
        return;
      }
      default:
        assertNever(message);
    }
  };
}
