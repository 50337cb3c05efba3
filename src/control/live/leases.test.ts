import { afterEach, beforeEach, expect, it, vi } from 'vitest';
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
