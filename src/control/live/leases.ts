import type { ControlToLauncher } from '../../shared/protocol/control-channel.ts';
import type { LeasePayload, Signed } from '../../shared/protocol/signed.ts';
import type { Clock, Signer } from '../context.ts';
import { cutAt, firstLease, type Lease, type LeaseEvent, leaseMs, stepLease } from './lease.ts';
import { joinLease, type LeaseStore, leaseOf } from './lease-store.ts';

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
  /** A renewal is on its way to the database. */
  renewing: boolean;
}

export interface EndedElsewhere {
  sessionId: string;
  /** For want of a lease; else as its launcher said. */
  byServer: boolean;
}

/** `lifeMs`: the grant's time limit. `accessMs`: how long the access that it runs under holds; without one, null. */
export interface CountedSession {
  sessionId: string;
  deviceId: string;
  lifeMs: number;
  accessMs?: number | null;
}

export interface Leases {
  /** Counts a session from its grant on; returns its first lease, signed. */
  begin(session: CountedSession): Signed;
  /** After a restart of the server: the launcher may still hold a lease given before, so it has one lease's time to show itself. */
  resume(session: CountedSession & { opened: boolean }): void;
  /** Makes a session known that another process granted; nothing for one that is known, has ended, or does not exist. */
  know(sessionId: string): Promise<void>;
  /** Takes over what other processes did to the leases known here. Resolves to the sessions that have ended meanwhile. */
  takeOver(): Promise<EndedElsewhere[]>;
  /** Sessions counted here, and their devices. */
  known(): string[];
  devices(): string[];
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
  /** Whether the access that the session runs under has had its time. */
  isAccessOver(sessionId: string): boolean;
  close(): void;
}

const tickMs = 500;

/**
 * Counts the leases of this process's sessions and renews them. `onLapsed` is told when a session must be cut, once unless it fails. The relay does not
 * wait for it: it asks `cutAt` on a timer of its own. With a `store`, other processes have part in them: a renewal counts only when the
 * store took it, and whoever does not reach the store lets leases run out.
 */
export function startLeases(options: {
  clock: Clock;
  signer: Signer;
  store?: LeaseStore | null;
  onFailure?(error: unknown): void;
  isConnected(deviceId: string): boolean;
  send(deviceId: string, message: ControlToLauncher): boolean;
  /** Ends the session. When it rejects it is called again with the next tick. */
  onLapsed(sessionId: string): Promise<void>;
}): Leases {
  const { clock, signer } = options;
  const store = options.store ?? null;
  const entries = new Map<string, Entry>();

  function sign(entry: Entry, durationMs = leaseMs): Signed {
    const payload: LeasePayload = {
      version: 1,
      sessionId: entry.sessionId,
      seq: entry.lease.seq,
      issuedAt: clock.now().toISOString(),
      durationMs,
    };
    return signer.sign('lease@sallyport', payload);
  }

  /** The launcher counts from when it receives it: what the store took to answer is not its to have. */
  function send(entry: Entry): void {
    const left = Math.floor(entry.lease.renewedAt + leaseMs - clock.monotonicMs());
    if (left <= 0) return;
    options.send(entry.deviceId, { type: 'lease', sessionId: entry.sessionId, lease: sign(entry, left) });
  }

  function step(entry: Entry | undefined, event: LeaseEvent): void {
    if (entry !== undefined) entry.lease = stepLease(entry.lease, event).lease;
  }

  function isDue(entry: Entry, at: number): boolean {
    const { lease, renew } = stepLease(entry.lease, {
      type: 'tick',
      at,
      connected: options.isConnected(entry.deviceId),
    });
    if (!renew || store !== null) return renew && !entry.renewing;
    entry.lease = lease;
    send(entry);
    return false;
  }

  /** `at`: before the store was asked, so that this process never counts longer than the store does. */
  async function renew(due: readonly Entry[], at: number): Promise<void> {
    for (const entry of due) entry.renewing = true;
    try {
      const asked = due.map(({ sessionId, lease, head }) => ({
        sessionId,
        heardMsAgo: lease.headAt === null ? null : at - lease.headAt,
        head,
      }));
      const numbers = await store?.renew(asked);
      for (const entry of due) {
        const seq = numbers?.get(entry.sessionId);
        const isOver = entry.lease.phase === 'stopped' || entries.get(entry.sessionId) !== entry;
        if (seq === undefined || isOver) continue;
        entry.lease = { ...entry.lease, seq, renewedAt: at };
        send(entry);
      }
    } catch (error) {
      options.onFailure?.(error);
    } finally {
      for (const entry of due) entry.renewing = false;
    }
  }

  function tick(): void {
    const at = clock.monotonicMs();
    const due: Entry[] = [];
    for (const entry of [...entries.values()]) {
      if (isDue(entry, at)) due.push(entry);
      if (!entry.lapsed && at >= cutAt(entry.lease)) {
        entry.lapsed = true;
        options.onLapsed(entry.sessionId).catch(() => {
          entry.lapsed = false;
        });
      }
    }
    if (due.length > 0) void renew(due, at);
  }

  const timer = setInterval(tick, tickMs);
  timer.unref();

  function add({ sessionId, deviceId, lifeMs, accessMs }: CountedSession): Entry {
    const entry: Entry = {
      sessionId,
      deviceId,
      lease: firstLease(clock.monotonicMs(), lifeMs, accessMs ?? null),
      head: null,
      lapsed: false,
      renewing: false,
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
    async know(sessionId) {
      if (store === null || entries.has(sessionId)) return;
      const at = clock.monotonicMs();
      const [stored] = await store.read([sessionId]);
      // It may have become known meanwhile.
      if (stored === undefined || stored.ended || entries.has(sessionId)) return;
      const entry = add({ sessionId, deviceId: stored.deviceId, lifeMs: 0 });
      entry.lease = leaseOf(stored, at);
    },
    async takeOver() {
      if (store === null) return [];
      const at = clock.monotonicMs();
      const ended: EndedElsewhere[] = [];
      for (const stored of await store.read([...entries.keys()])) {
        const entry = entries.get(stored.sessionId);
        if (entry === undefined) continue;
        if (stored.ended) ended.push({ sessionId: stored.sessionId, byServer: stored.endedByServer });
        entry.lease = joinLease(entry.lease, leaseOf(stored, at));
        entry.lapsed &&= at >= cutAt(entry.lease);
      }
      return ended;
    },
    known: () => [...entries.keys()],
    devices: () => [...new Set([...entries.values()].map((entry) => entry.deviceId))],
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
    isAccessOver(sessionId) {
      const end = entries.get(sessionId)?.lease.accessEndsAt ?? null;
      return end !== null && clock.monotonicMs() >= end;
    },
    close: () => clearInterval(timer),
  };
}
