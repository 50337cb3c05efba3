import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cutAt,
  expiresAt,
  firstLease,
  headFreshMs,
  type Lease,
  type LeaseEvent,
  leaseMs,
  openingGraceMs,
  renewEveryMs,
  stepLease,
} from './lease.ts';

function run(
  events: LeaseEvent[],
  from: Lease = firstLease(0, Number.POSITIVE_INFINITY),
): { lease: Lease; renewedAt: number[] } {
  let lease = from;
  const renewedAt: number[] = [];
  for (const event of events) {
    const step = stepLease(lease, event);
    lease = step.lease;
    if (step.renew && event.type === 'tick') renewedAt.push(event.at);
  }
  return { lease, renewedAt };
}

/** Ticks every 500 ms in (from, to]. */
function ticks(from: number, to: number, connected = true): LeaseEvent[] {
  return Array.from({ length: Math.floor((to - from) / 500) }, (_, index) => ({
    type: 'tick',
    at: from + (index + 1) * 500,
    connected,
  }));
}

const cases: { name: string; events: LeaseEvent[]; renewals: number[] }[] = [
  { name: 'is renewed about every three seconds while opening', events: ticks(0, 9000), renewals: [3000, 6000, 9000] },
  { name: 'is not renewed without a channel', events: ticks(0, 9000, false), renewals: [] },
  {
    name: 'is not renewed any more when opening takes too long',
    events: ticks(0, openingGraceMs + 9000),
    renewals: [3000, 6000, 9000, 12_000, 15_000, 18_000, 21_000, 24_000, 27_000],
  },
  {
    name: 'is not renewed by heads alone when opening takes too long',
    events: ticks(0, openingGraceMs + 9000).flatMap((tick) => [tick, { ...tick, type: 'head' } as LeaseEvent]),
    renewals: [3000, 6000, 9000, 12_000, 15_000, 18_000, 21_000, 24_000, 27_000],
  },
  {
    name: 'is renewed after opening for as long as a first head may take',
    events: [{ type: 'opened', at: 500 }, ...ticks(500, 12_000)],
    renewals: [3000, 6000],
  },
  {
    name: 'is renewed while heads are fresh',
    events: [
      { type: 'opened', at: 0 },
      ...ticks(0, 3000),
      { type: 'head', at: 3000 },
      ...ticks(3000, 6000),
      { type: 'head', at: 6000 },
      ...ticks(6000, 9000),
    ],
    renewals: [3000, 6000, 9000],
  },
  {
    name: 'is not renewed on a stale head',
    events: [{ type: 'opened', at: 0 }, { type: 'head', at: 1000 }, ...ticks(1000, 30_000)],
    renewals: [3000, 6000],
  },
  {
    name: 'is not renewed after an order',
    events: [...ticks(0, 3000), { type: 'stopped' }, ...ticks(3000, 9000)],
    renewals: [3000],
  },
  {
    name: 'is not revived once it has run out',
    events: [...ticks(0, leaseMs, false), { type: 'head', at: leaseMs }, ...ticks(leaseMs, leaseMs + 6000)],
    renewals: [],
  },
];

describe('a lease', () => {
  it.each(cases)('$name', ({ events, renewals }) => {
    expect(run(events).renewedAt).toEqual(renewals);
  });

  it('is not renewed beyond the time limit of the grant', () => {
    const events: LeaseEvent[] = ticks(0, 20_000).flatMap((tick) => [
      tick,
      { type: 'head', at: 'at' in tick ? tick.at : 0 },
    ]);
    expect(run(events, firstLease(0, 7000)).renewedAt).toEqual([3000, 6000]);
  });

  it('cuts within 15 s of the last renewal, and after it has expired', () => {
    const lease = firstLease(1000, 60_000);
    expect(expiresAt(lease)).toBe(11_000);
    expect(cutAt(lease)).toBeGreaterThan(expiresAt(lease));
    expect(cutAt(lease) - lease.renewedAt).toBeLessThan(15_000);
  });

  it('cuts an open session within 15 s of its last head, although it was renewed since', () => {
    const { lease, renewedAt } = run([
      { type: 'opened', at: 100 },
      ...ticks(100, 3100),
      { type: 'head', at: 3200 },
      ...ticks(3200, 20_000),
    ]);
    expect(renewedAt.at(-1)).toBeGreaterThan(3200 + 2000);
    expect(cutAt(lease) - 3200).toBeLessThan(15_000);
    expect(cutAt(lease) - 3200).toBeGreaterThan(headFreshMs);
  });

  it('is never renewed without a channel, after a stop, on a stale head or too often, whatever happens', () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('opened' as const) }),
      fc.record({ type: fc.constant('head' as const) }),
      fc.record({ type: fc.constant('stopped' as const) }),
      fc.record({ type: fc.constant('tick' as const), connected: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.integer({ min: 0, max: 4000 })), { maxLength: 80 }), (list) => {
        let at = 0;
        let lease = firstLease(0, 50_000);
        let lastRenewal = 0;
        let lastSign = Number.NEGATIVE_INFINITY;
        let stopped = false;
        for (const [item, wait] of list) {
          at += wait;
          if (item.type === 'head' || item.type === 'opened') lastSign = at;
          if (item.type === 'stopped') stopped = true;
          const before = lease;
          const step = stepLease(lease, { ...item, at } as LeaseEvent);
          lease = step.lease;
          if (!step.renew) {
            expect(lease.seq).toBe(before.seq);
            continue;
          }
          expect(item).toMatchObject({ type: 'tick', connected: true });
          expect(stopped).toBe(false);
          expect(at).toBeLessThan(50_000);
          expect(at - lastRenewal).toBeGreaterThanOrEqual(renewEveryMs);
          expect(at - lastRenewal).toBeLessThan(leaseMs);
          expect(Math.min(at - lastSign - headFreshMs, at - openingGraceMs)).toBeLessThan(0);
          expect(lease.seq).toBe(before.seq + 1);
          lastRenewal = at;
        }
      }),
    );
  });
});
