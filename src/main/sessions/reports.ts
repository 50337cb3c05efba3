import type { EndReason } from '../../shared/model/session.ts';
import type { LauncherToControl } from '../../shared/protocol/control-channel.ts';

type SessionEnded = Extract<LauncherToControl, { type: 'session-ended' }>;

/** Sessions of one run that are remembered: far more than a person opens between two looks of the server. */
const mostKept = 500;
/**
 * On how many links an end is told. Two is enough for a link that was dead when it took the first; a server that was restored from before the
 * session closes the channel at one it does not know, and must not be shut out by that for ever.
 */
const mostTold = 3;

/**
 * What the control server must come to know of a session's end, even when the link breaks in the same moment. The channel has no
 * acknowledgement for an end, and a link that was cut far away takes messages for seconds: so every end of this run is told again on the next
 * links (the server takes the first), and an order that comes again gets the answer it got.
 */
export class Reports {
  private readonly ends = new Map<string, { deviceId: string | null; message: SessionEnded; told: number }>();
  /** When the socket was closed, and how long after the order. By session id; the first closing counts. */
  private readonly closings = new Map<string, { at: string; closedMs: number }>();
  private readonly send: (message: LauncherToControl) => boolean;
  private readonly deviceId: () => string | null;

  /** `deviceId`: whose link it is at the moment; a device may speak only of its own sessions. */
  constructor(options: { send: (message: LauncherToControl) => boolean; deviceId: () => string | null }) {
    this.send = options.send;
    this.deviceId = options.deviceId;
  }

  ended(sessionId: string, reason: EndReason): void {
    const message: SessionEnded = { type: 'session-ended', sessionId, at: new Date().toISOString(), reason };
    keep(this.ends, sessionId, { deviceId: this.deviceId(), message, told: this.send(message) ? 1 : 0 });
  }

  /** The order is done: the socket is closed, `closedMs` after the order was received. */
  orderDone(sessionId: string, orderId: string, closedMs: number): void {
    const closing = this.closings.get(sessionId) ?? {
      at: new Date().toISOString(),
      closedMs: Math.round(closedMs * 10) / 10,
    };
    keep(this.closings, sessionId, closing);
    // Processes on the target that outlive their terminal cannot be seen from here.
    this.send({
      type: 'order-done',
      orderId,
      socketClosedAt: closing.at,
      closedMs: closing.closedMs,
      survivors: 'unknown',
    });
  }

  /** The link is up again. */
  online(): void {
    const deviceId = this.deviceId();
    for (const [sessionId, end] of this.ends) {
      if (end.deviceId !== deviceId) continue;
      if (this.send(end.message)) end.told += 1;
      if (end.told >= mostTold) this.ends.delete(sessionId);
    }
  }
}

function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > mostKept && oldest !== undefined) map.delete(oldest);
}
