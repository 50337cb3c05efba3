import type { LeasePayload } from '../shared/protocol/signed.ts';

/**
 * Counting a lease. The server says for how long, this machine's monotonic clock counts from the moment of receipt. Node's monotonic clock stands
 * still while a Linux machine is suspended, so the wall clock stands beside it: when the two drift apart, the time that passed is
 * unknown and the lease is void until a new one comes. Setting the wall clock in either direction voids it too; it never lengthens it.
 */
export interface Now {
  monotonicMs: number;
  wallMs: number;
}

export interface LeaseCount {
  /** Number of the last lease that was taken. */
  seq: number;
  /** On the monotonic clock. */
  expiresAtMs: number;
  /** Wall minus monotonic clock at receipt. */
  offsetMs: number;
  void: boolean;
}

/** How far the two clocks may drift apart between two leases, in milliseconds. NTP slews by 0.5 ms per second at most. */
export const clockToleranceMs = 1500;

/** Instead of `leaseGraceMs` after a suspend or a jump of the clock: the network may need a moment to come back. */
export const voidGraceMs = 10_000;

export function firstLease(lease: LeasePayload, now: Now): LeaseCount {
  return {
    seq: lease.seq,
    expiresAtMs: now.monotonicMs + lease.durationMs,
    offsetMs: now.wallMs - now.monotonicMs,
    void: false,
  };
}

/** Takes a renewal whose signature and session were checked. An old or repeated one changes nothing. */
export function renewLease(count: LeaseCount, lease: LeasePayload, now: Now): LeaseCount {
  return lease.seq > count.seq ? firstLease(lease, now) : count;
}

/** What is left of a lease is worth nothing any more, until the next one. */
export function voidLease(count: LeaseCount): LeaseCount {
  return count.void ? count : { ...count, void: true };
}

/** Looks at both clocks; voids the lease when they have drifted apart. */
export function watchClocks(count: LeaseCount, now: Now): LeaseCount {
  return Math.abs(now.wallMs - now.monotonicMs - count.offsetMs) > clockToleranceMs ? voidLease(count) : count;
}

export type LeaseStanding = 'valid' | 'expired' | 'void';

export function standing(count: LeaseCount, now: Now): LeaseStanding {
  if (watchClocks(count, now).void) return 'void';
  return now.monotonicMs < count.expiresAtMs ? 'valid' : 'expired';
}
