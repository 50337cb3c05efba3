import type { EndReason } from '../shared/model/session.ts';
import { type LeasePayload, leaseGraceMs } from '../shared/protocol/signed.ts';
import {
  firstLease,
  type LeaseCount,
  type Now,
  renewLease,
  standing,
  voidGraceMs,
  voidLease,
  watchClocks,
} from './lease.ts';

export interface LimitsOptions {
  lease: LeasePayload;
  maxSeconds: number;
  idleSeconds: number | null;
  now(): Now;
  /** Nothing typed may pass. `gap`: nothing at all, because unknown time has passed. `endsAtMs` is on the wall clock. */
  freeze(endsAtMs: number, gap: boolean): void;
  thaw(): void;
  end(reason: EndReason): void;
}

export interface Limits {
  renew(lease: LeasePayload): void;
  /** The machine was suspended. */
  resumed(): void;
  /** Somebody typed. */
  typed(): void;
  /** Looks at the clocks now. Returns what may pass. */
  check(): 'all' | 'output' | 'nothing';
  /** While frozen: when the session ends without a new lease, on the wall clock. Else null. */
  frozenEndsAtMs(): number | null;
  /** When the session ends at the latest, on the wall clock. */
  endsAtMs: number;
}

/** Watches lease, time limit and idle time of one session. `check` must be called at least every few hundred milliseconds and before any byte passes. */
export function makeLimits(options: LimitsOptions): Limits {
  const started = options.now();
  let count: LeaseCount = firstLease(options.lease, started);
  let typedAtMs = started.monotonicMs;
  /** Set while frozen: when the session ends, on the monotonic clock. */
  let frozenUntilMs: number | null = null;
  let gap = false;
  let ended = false;

  function end(reason: EndReason): void {
    if (ended) return;
    ended = true;
    options.end(reason);
  }

  function check(): 'all' | 'output' | 'nothing' {
    const now = options.now();
    count = watchClocks(count, now);
    // The wall clock can only shorten the session: set back it adds nothing, and it knows of time spent suspended.
    if (Math.max(now.monotonicMs - started.monotonicMs, now.wallMs - started.wallMs) >= options.maxSeconds * 1000)
      end({ kind: 'time-limit' });
    if (options.idleSeconds !== null && now.monotonicMs - typedAtMs >= options.idleSeconds * 1000)
      end({ kind: 'idle' });
    const stands = standing(count, now);
    if (stands === 'valid') {
      if (frozenUntilMs !== null) {
        frozenUntilMs = null;
        gap = false;
        options.thaw();
      }
      return ended ? 'nothing' : 'all';
    }
    const until = stands === 'void' ? now.monotonicMs + voidGraceMs : count.expiresAtMs + leaseGraceMs;
    if (frozenUntilMs === null || (stands === 'void' && !gap)) {
      frozenUntilMs = Math.min(frozenUntilMs ?? until, until);
      gap = stands === 'void';
      options.freeze(now.wallMs + (frozenUntilMs - now.monotonicMs), gap);
    }
    if (now.monotonicMs >= frozenUntilMs) end({ kind: 'lease-expired' });
    return ended || gap ? 'nothing' : 'output';
  }

  return {
    renew(lease) {
      count = renewLease(watchClocks(count, options.now()), lease, options.now());
      check();
    },
    resumed() {
      count = voidLease(count);
      check();
    },
    typed() {
      typedAtMs = options.now().monotonicMs;
    },
    check,
    frozenEndsAtMs() {
      const now = options.now();
      return frozenUntilMs === null ? null : now.wallMs + (frozenUntilMs - now.monotonicMs);
    },
    endsAtMs: started.wallMs + options.maxSeconds * 1000,
  };
}
