/**
 * When a lease is renewed and when a session must be cut (protocol.md, Lease). Pure: all times are milliseconds of one monotonic clock that the
 * caller passes in.
 */

/** How long a lease lets a session live from its receipt. */
export const leaseMs = 10_000;
export const renewEveryMs = 3000;
/** A recording head older than this does not earn a renewal. */
export const headFreshMs = 6000;
/** From grant to `session-opened`: connecting, host key, login. No head can exist yet. */
export const openingGraceMs = 30_000;
/**
 * From expiry to the cut at the server. A little under the launcher's own 5 s, because the server counts from when it issued a lease and must
 * have cut within 15 s of that, timers' delay included.
 */
export const cutGraceMs = 4800;

/** From the end of the access that a session runs under to the cut: its own process has counted to the same end and sealed by then. */
export const accessGraceMs = 1000;

/** From the last word of an open session to the cut, however far its lease still reaches. */
export const silenceCutMs = 14_800;

export interface Lease {
  phase: 'opening' | 'open' | 'stopped';
  grantedAt: number;
  /** No renewal from here on: the grant's time limit, kept by the server whatever the launcher does. */
  endsAt: number;
  /** When the access that it runs under ends; null where it runs under none. */
  accessEndsAt: number | null;
  openedAt: number | null;
  headAt: number | null;
  seq: number;
  renewedAt: number;
}

export type LeaseEvent =
  | { type: 'opened'; at: number }
  | { type: 'head'; at: number }
  /** An order, a revocation or the end: there will be no renewal any more. */
  | { type: 'stopped' }
  /** Asked about once a second. `connected`: the launcher's control channel lives. */
  | { type: 'tick'; at: number; connected: boolean };

export interface LeaseStep {
  lease: Lease;
  /** A renewal to sign and send (its number is `lease.seq`). */
  renew: boolean;
}

/** `lifeMs`: how long the grant lets the session live from now; `accessMs`: how long the access that it runs under holds. */
export function firstLease(at: number, lifeMs: number, accessMs: number | null = null): Lease {
  return {
    phase: 'opening',
    grantedAt: at,
    endsAt: at + lifeMs,
    accessEndsAt: accessMs === null ? null : at + accessMs,
    openedAt: null,
    headAt: null,
    seq: 0,
    renewedAt: at,
  };
}

function isFresh(lease: Lease, at: number): boolean {
  // Heads show a living recorder, not a login: without an opening they do not carry a grant on for ever.
  if (lease.openedAt === null && at - lease.grantedAt >= openingGraceMs) return false;
  if (lease.headAt !== null) return at - lease.headAt < headFreshMs;
  if (lease.openedAt !== null) return at - lease.openedAt < headFreshMs;
  return at - lease.grantedAt < openingGraceMs;
}

export function stepLease(lease: Lease, event: LeaseEvent): LeaseStep {
  if (lease.phase === 'stopped') return { lease, renew: false };
  switch (event.type) {
    case 'opened':
      return { lease: { ...lease, phase: 'open', openedAt: lease.openedAt ?? event.at }, renew: false };
    case 'head':
      // A head before `session-opened` (the journal exists while connecting) shows a living recorder as well.
      return { lease: { ...lease, headAt: event.at }, renew: false };
    case 'stopped':
      return { lease: { ...lease, phase: 'stopped' }, renew: false };
    case 'tick': {
      // A lapsed lease is not revived: the holder was told to end, and the relay has cut or is about to.
      const due = event.at - lease.renewedAt >= renewEveryMs && event.at < expiresAt(lease) && event.at < lease.endsAt;
      if (!due || !event.connected || !isFresh(lease, event.at)) return { lease, renew: false };
      return { lease: { ...lease, seq: lease.seq + 1, renewedAt: event.at }, renew: true };
    }
  }
}

export function expiresAt(lease: Lease): number {
  return lease.renewedAt + leaseMs;
}

/** When the server itself cuts what it can and counts the session as ended. */
export function cutAt(lease: Lease): number {
  const byAccess = (lease.accessEndsAt ?? Number.POSITIVE_INFINITY) + accessGraceMs;
  const byLease = Math.min(expiresAt(lease) + cutGraceMs, byAccess);
  // A renewal can come just before a head is stale: counted from the lease alone, the cut would come more than 15 s after the last head.
  return lease.openedAt === null
    ? byLease
    : Math.min(byLease, Math.max(lease.openedAt, lease.headAt ?? 0) + silenceCutMs);
}
