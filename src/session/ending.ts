import type { EndReason } from '../shared/model/session.ts';
import type { Now } from './lease.ts';
import type { OwnerLink } from './owner/owner-link.ts';
import type { Wire } from './ssh/wire.ts';
import { within } from './within.ts';

/** In milliseconds, each inside what the owner waits before it kills the process: 1 s for the socket, then 5 s for the record. */
const times = { socketClose: 900, seal: 5000, flush: 500 };

export interface Ending {
  /** Tells the owner that the wire is closed, and how long that took since `beganMs` (monotonic); says nothing when it does not close in time. Never rejects. */
  reportClosed(wire: Wire | null, beganMs: number, orderId: string | null): Promise<void>;
  /** Seals the record within its time, says `ended` as the last word, leaves. Never rejects. */
  finish(reason: EndReason, seal: (reason: EndReason) => Promise<boolean>, sealed: () => void): Promise<void>;
}

/** The last steps of a session, in their order: socket, record, last word, exit. */
export function makeEnding(parts: {
  link: Pick<OwnerLink, 'send' | 'flushed'>;
  now(): Now;
  exit(code: number): void;
}): Ending {
  const { link, now } = parts;
  return {
    async reportClosed(wire, beganMs, orderId) {
      const closed = wire === null || (await within(times.socketClose, wire.closed)) !== undefined;
      // Never said of a socket that is not seen to be closed: the owner then kills this process, and the kernel closes it.
      if (!closed) return;
      link.send({
        type: 'socket-closed',
        orderId,
        at: new Date().toISOString(),
        closedMs: now().monotonicMs - beganMs,
      });
    },
    async finish(reason, seal, sealed) {
      try {
        const complete = (await within(times.seal, seal(reason))) === true;
        sealed();
        link.send({ type: 'ended', reason, complete });
        await within(times.flush, link.flushed());
      } finally {
        parts.exit(0);
      }
    },
  };
}
