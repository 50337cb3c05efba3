import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Leases, startLeases } from './leases.ts';

let leases: Leases;
let lapses: string[] = [];
let failing = true;

beforeEach(() => {
  vi.useFakeTimers();
  lapses = [];
  failing = true;
  leases = startLeases({
    clock: { now: () => new Date(), monotonicMs: () => Date.now() },
    signer: { publicKey: '', sign: () => ({ payload: '', signature: '' }) },
    isConnected: () => false,
    send: () => false,
    async onLapsed(sessionId) {
      lapses.push(sessionId);
      if (failing) throw new Error('the database is away');
    },
  });
});
afterEach(() => {
  leases.close();
  vi.useRealTimers();
});

it('ends a session that lost its lease again and again until that is stored, and then no more', async () => {
  leases.begin({ sessionId: 's', deviceId: 'd', lifeMs: 60_000 });
  await vi.advanceTimersByTimeAsync(14_000);
  expect(lapses).toEqual([]);
  await vi.advanceTimersByTimeAsync(3000);
  expect(lapses.length).toBeGreaterThan(2);
  failing = false;
  await vi.advanceTimersByTimeAsync(500);
  const count = lapses.length;
  await vi.advanceTimersByTimeAsync(5000);
  expect(lapses.length).toBe(count);
});

describe('a renewal that the store answers late', () => {
  async function answeredAfter(ms: number, meanwhile: (leases: Leases) => void = () => undefined) {
    const sent: { durationMs: number }[] = [];
    const store = Promise.withResolvers<ReadonlyMap<string, number>>();
    const shared = startLeases({
      clock: { now: () => new Date(), monotonicMs: () => Date.now() },
      signer: { publicKey: '', sign: (_namespace, value) => ({ payload: JSON.stringify(value), signature: '' }) },
      store: { renew: () => store.promise, read: async () => [] },
      isConnected: () => true,
      send(_deviceId, message) {
        if (message.type === 'lease') sent.push(JSON.parse(message.lease.payload));
        return true;
      },
      onLapsed: async (sessionId) => shared.forget(sessionId),
    });
    shared.begin({ sessionId: 's', deviceId: 'd', lifeMs: 60_000 });
    await vi.advanceTimersByTimeAsync(3000);
    meanwhile(shared);
    await vi.advanceTimersByTimeAsync(ms);
    store.resolve(new Map([['s', 1]]));
    await vi.advanceTimersByTimeAsync(0);
    shared.close();
    return sent.map(({ durationMs }) => durationMs);
  }

  it('lets live from when it was asked for, and not at all when that is over', async () => {
    expect(await answeredAfter(0)).toEqual([10_000]);
    expect(await answeredAfter(4000)).toEqual([6000]);
    expect(await answeredAfter(11_000)).toEqual([]);
  });

  it('is nothing for a session that has ended meanwhile', async () => {
    expect(await answeredAfter(1000, (shared) => shared.forget('s'))).toEqual([]);
  });
});
