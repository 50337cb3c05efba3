import type { ControlToLauncher } from '../../shared/protocol/control-channel.ts';
import type { LeasePayload, Signed } from '../../shared/protocol/signed.ts';
import type { Clock, Signer } from '../context.ts';
import { cutAt, firstLease, type Lease, type LeaseEvent, leaseMs, stepLease } from './lease.ts';

export interface LiveHead {
  outputBytes: number;
  inputBytes: number;
  /** Server time at which the statement came. */
  at: Date;
}

interface Entry {
  sessionId: string;
  deviceId: string;
  lease: Lease;
  head: LiveHead | null;
  lapsed: boolean;
}

export interface Leases {
  /** Counts a session from its grant on; returns its first lease, signed. `lifeMs`: the grant's time limit. */
  begin(session: { sessionId: string; deviceId: string; lifeMs: number }): Signed;
  /** After a restart of the server: the launcher may still hold a lease given before, so it has one lease's time to show itself. */
  resume(session: { sessionId: string; deviceId: string; lifeMs: number; opened: boolean }): void;
  opened(sessionId: string): void;
  head(sessionId: string, head: Omit<LiveHead, 'at'>): void;
  /** No renewal from now on: killed or revoked. */
  stop(sessionId: string): void;
  /** No renewal for any session of a revoked device. */
  stopDevice(deviceId: string): void;
  /** The session has ended; nothing is counted any more. */
  forget(sessionId: string): void;
  latestHead(sessionId: string): LiveHead | null;
  /** Monotonic milliseconds at which the server must have cut the session; null when it does not live here. */
  cutAt(sessionId: string): number | null;
  close(): void;
}

const tickMs = 500;

/**
 * Counts the leases of this process's sessions and renews them. `onLapsed` is told when a session must be cut, once unless it fails. The relay does not
 * wait for it: it asks `cutAt` on a timer of its own.
 */
export function startLeases(options: {
  clock: Clock;
  signer: Signer;
  isConnected(deviceId: string): boolean;
  send(deviceId: string, message: ControlToLauncher): boolean;
  /** Ends the session. When it rejects it is called again with the next tick. */
  onLapsed(sessionId: string): Promise<void>;
}): Leases {
  const { clock, signer } = options;
  const entries = new Map<string, Entry>();

  function sign(entry: Entry): Signed {
    const payload: LeasePayload = {
      version: 0,
      sessionId: entry.sessionId,
      seq: entry.lease.seq,
      issuedAt: clock.now().toISOString(),
      durationMs: leaseMs,
    };
    return signer.sign('lease@sallyport', payload);
  }

  function step(entry: Entry | undefined, event: LeaseEvent): void {
    if (entry === undefined) return;
    const { lease, renew } = stepLease(entry.lease, event);
    entry.lease = lease;
    if (renew) options.send(entry.deviceId, { type: 'lease', sessionId: entry.sessionId, lease: sign(entry) });
  }

  function tick(): void {
    const at = clock.monotonicMs();
    for (const entry of [...entries.values()]) {
      step(entry, { type: 'tick', at, connected: options.isConnected(entry.deviceId) });
      if (!entry.lapsed && at >= cutAt(entry.lease)) {
        entry.lapsed = true;
        options.onLapsed(entry.sessionId).catch(() => {
          entry.lapsed = false;
        });
      }
    }
  }

  const timer = setInterval(tick, tickMs);
  timer.unref();

  function add(session: { sessionId: string; deviceId: string; lifeMs: number }): Entry {
    const { sessionId, deviceId, lifeMs } = session;
    const entry: Entry = {
      sessionId,
      deviceId,
      lease: firstLease(clock.monotonicMs(), lifeMs),
      head: null,
      lapsed: false,
    };
    entries.set(sessionId, entry);
    return entry;
  }

  return {
    begin: (session) => sign(add(session)),
    resume(session) {
      const entry = add(session);
      // Numbers go on beyond any the launcher has seen: it takes no lease older than the one it holds.
      entry.lease = { ...entry.lease, seq: clock.now().getTime() };
      if (session.opened) step(entry, { type: 'opened', at: clock.monotonicMs() });
    },
    opened: (sessionId) => step(entries.get(sessionId), { type: 'opened', at: clock.monotonicMs() }),
    head(sessionId, head) {
      const entry = entries.get(sessionId);
      if (entry === undefined) return;
      entry.head = { ...head, at: clock.now() };
      step(entry, { type: 'head', at: clock.monotonicMs() });
    },
    stop: (sessionId) => step(entries.get(sessionId), { type: 'stopped' }),
    stopDevice(deviceId) {
      for (const entry of entries.values()) if (entry.deviceId === deviceId) step(entry, { type: 'stopped' });
    },
    forget: (sessionId) => void entries.delete(sessionId),
    latestHead: (sessionId) => entries.get(sessionId)?.head ?? null,
    cutAt(sessionId) {
      const entry = entries.get(sessionId);
      return entry === undefined ? null : cutAt(entry.lease);
    },
    close: () => clearInterval(timer),
  };
}
