import type { EndReason } from '../shared/model/session.ts';
import type { Now } from './lease.ts';
import type { OwnerLink } from './owner/owner-link.ts';
import type { Wire } from './ssh/wire.ts';
import { within } from './within.ts';

/**
 * In milliseconds. Whoever orders an end waits 1 s for the socket, then 5 s for the record, and kills the process; nobody waits at other ends, and a busy
 * machine that has a flood to seal may take its time.
 */
const times = { socketClose: 900, sealOrdered: 5000, seal: 30_000, flush: 500 };

/** Whether the owner asked for this end, and counts. */
function isOrdered(reason: EndReason): boolean {
  return reason.kind === 'killed' || (reason.kind === 'disconnected' && !['target', 'network'].includes(reason.by));
}

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
        const atMost = isOrdered(reason) ? times.sealOrdered : times.seal;
        const complete = (await within(atMost, seal(reason))) === true;
        sealed();
        link.send({ type: 'ended', reason, complete });
        await within(times.flush, link.flushed());
      } finally {
        parts.exit(0);
      }
    },
  };
}
