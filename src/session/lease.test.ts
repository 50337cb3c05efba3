import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeasePayload } from '../shared/protocol/signed.ts';
import { clockToleranceMs, firstLease, type Now, renewLease, standing, voidLease, watchClocks } from './lease.ts';

function makeLease(seq: number, durationMs = 10_000): LeasePayload {
  return {
    version: 1,
    sessionId: '3f0e5b1c-3b7e-4a55-9c0e-6a2f3c1d9b10',
    seq,
    issuedAt: '2026-11-24T10:00:00.000Z',
    durationMs,
  };
}

function at(monotonicMs: number, wallAheadMs = 0): Now {
  return { monotonicMs, wallMs: 1_700_000_000_000 + monotonicMs + wallAheadMs };
}

describe('a lease', () => {
  const count = firstLease(makeLease(0), at(1000));

  it('holds for its time on the monotonic clock, then not', () => {
    expect(standing(count, at(1000))).toBe('valid');
    expect(standing(count, at(10_999))).toBe('valid');
    expect(standing(count, at(11_000))).toBe('expired');
  });

  it('is lengthened by the next one, from its receipt, and never by an old or repeated one', () => {
    const next = renewLease(count, makeLease(1), at(4000));
    expect(standing(next, at(13_999))).toBe('valid');
    expect(standing(next, at(14_000))).toBe('expired');
    expect(renewLease(next, makeLease(1), at(9000))).toBe(next);
    expect(renewLease(next, makeLease(0), at(9000))).toBe(next);
  });

  it('security 19: is void when the clocks drift apart: the wall clock set back or forward, or a suspend', () => {
    expect(standing(count, at(2000, clockToleranceMs))).toBe('valid');
    expect(standing(count, at(2000, clockToleranceMs + 1))).toBe('void');
    expect(standing(count, at(2000, -clockToleranceMs - 1))).toBe('void');
    expect(standing(count, at(2000, 86_400_000))).toBe('void');
  });

  it('stays void when the clock is set back again, until a new lease comes', () => {
    const jumped = watchClocks(count, at(2000, 60_000));
    expect(standing(jumped, at(2100))).toBe('void');
    expect(standing(renewLease(jumped, makeLease(1), at(2200, 60_000)), at(2300, 60_000))).toBe('valid');
    expect(standing(voidLease(count), at(2000))).toBe('void');
  });

  it('never holds longer than the last accepted lease says, whatever comes', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 4000 }) }),
      fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
      fc.record({
        kind: fc.constant('lease' as const),
        seq: fc.integer({ min: 0, max: 12 }),
        durationMs: fc.integer({ min: 1, max: 12_000 }),
      }),
      fc.record({ kind: fc.constant('resumed' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let monotonic = 0;
        let ahead = 0;
        let current = firstLease(makeLease(0, 5000), at(0));
        let until = 5000;
        let highest = 0;
        for (const one of steps) {
          if (one.kind === 'pass') monotonic += one.ms;
          if (one.kind === 'jump') ahead += one.ms;
          if (one.kind === 'resumed') current = voidLease(current);
          if (one.kind === 'lease') {
            current = renewLease(current, makeLease(one.seq, one.durationMs), at(monotonic, ahead));
            if (one.seq > highest) {
              highest = one.seq;
              until = monotonic + one.durationMs;
            }
          }
          current = watchClocks(current, at(monotonic, ahead));
          if (standing(current, at(monotonic, ahead)) === 'valid') expect(monotonic).toBeLessThan(until);
        }
      }),
    );
  });
});
