import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAt, firstLease } from './lease.ts';
import { joinLease, leaseOf, type StoredLease } from './lease-store.ts';

const stored: StoredLease = {
  sessionId: 's',
  deviceId: 'd',
  seq: 7,
  renewedMsAgo: 1000,
  grantedMsAgo: 60_000,
  endsInMs: 5000,
  accessInMs: null,
  opened: true,
  heardMsAgo: 2000,
  head: null,
  stopped: false,
  ended: false,
  endedByServer: false,
};

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const age = fc.integer({ min: 0, max: 30_000 });
const anyStored: fc.Arbitrary<StoredLease> = fc.record({
  sessionId: fc.constant('s'),
  deviceId: fc.constant('d'),
  seq: fc.nat(100),
  renewedMsAgo: age,
  grantedMsAgo: age,
  endsInMs: maybe(age),
  accessInMs: maybe(age),
  opened: fc.boolean(),
  heardMsAgo: maybe(age),
  head: fc.constant(null),
  stopped: fc.boolean(),
  ended: fc.constant(false),
  endedByServer: fc.constant(false),
});

describe('a lease as the database has it', () => {
  it("is counted on this process's own clock, from before it asked", () => {
    expect(leaseOf(stored, 100_000)).toEqual({
      phase: 'open',
      grantedAt: 40_000,
      endsAt: 105_000,
      accessEndsAt: null,
      openedAt: 98_000,
      headAt: 98_000,
      seq: 7,
      renewedAt: 99_000,
    });
    expect(leaseOf({ ...stored, stopped: true }, 0).phase).toBe('stopped');
    expect(leaseOf({ ...stored, endsInMs: null }, 0).endsAt).toBe(Number.POSITIVE_INFINITY);
    expect(leaseOf({ ...stored, accessInMs: -5 }, 10).accessEndsAt).toBe(5);
  });

  it('is never longer for a process that only knows of it than for the database', () => {
    fc.assert(
      fc.property(anyStored, fc.integer({ min: 0, max: 1e6 }), (lease, at) => {
        expect(cutAt(leaseOf(lease, at))).toBeLessThanOrEqual(at - lease.renewedMsAgo + 14_800);
      }),
    );
  });

  it('joined with what is known: numbers grow, the later word counts, and an end of renewals stands', () => {
    fc.assert(
      fc.property(anyStored, anyStored, fc.boolean(), (one, other, killed) => {
        const known = { ...leaseOf(one, 50_000), ...(killed ? { phase: 'stopped' as const } : {}) };
        const found = leaseOf(other, 50_000);
        const joined = joinLease(known, found);
        expect(joined.seq).toBe(Math.max(known.seq, found.seq));
        expect(joined.renewedAt).toBe(Math.max(known.renewedAt, found.renewedAt));
        expect(joined.phase === 'stopped').toBe(known.phase === 'stopped' || found.phase === 'stopped');
        expect(joined.headAt ?? -1).toBe(Math.max(known.headAt ?? -1, found.headAt ?? -1));
        expect([joined.grantedAt, joined.endsAt]).toEqual([known.grantedAt, known.endsAt]);
      }),
    );
  });

  it('of an approved access that ends, or was taken back, cuts as that says', () => {
    const known = firstLease(0, 60_000, 30_000);
    const revoked = leaseOf({ ...stored, accessInMs: 0, renewedMsAgo: 0, heardMsAgo: 0 }, 5000);
    expect(cutAt(joinLease(known, revoked))).toBe(6000);
  });

  it('by a clock that was set back is no news: neither to whoever counts it, nor to whoever does not', () => {
    const hour = 3_600_000;
    const ahead = leaseOf({ ...stored, renewedMsAgo: -hour, heardMsAgo: -hour }, 50_000);
    expect(cutAt(ahead)).toBeLessThanOrEqual(50_000);
    const known = { ...firstLease(40_000, 60_000), openedAt: 41_000, headAt: 49_000 };
    expect(cutAt(joinLease(known, ahead))).toBe(cutAt(known));
  });
});
