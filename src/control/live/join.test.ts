import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { makeLocalBus } from '../bus/bus.ts';
import { createEvents } from '../events.ts';
import { joinOthers } from './join.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** As much of a server as hears of changes; `accessEnds` fails the first `failures` times. */
async function joined(failures: number) {
  const done: string[] = [];
  let left = failures;
  const carry = (what: string) => async () => {
    left -= 1;
    if (left >= 0) throw new Error('the database is away');
    done.push(what);
  };
  const events = createEvents();
  const core = {
    bus: makeLocalBus(),
    events,
    shared: null,
    inForce: { version: 1, upTo: async () => undefined },
    log: { error: () => undefined },
  };
  const watch = await joinOthers({
    core,
    hub: { changedHere: () => undefined },
    accessEnds: { revoked: carry('revoked'), recheck: carry('rechecked') },
  } as unknown as Parameters<typeof joinOthers>[0]);
  return { events, done, watch };
}

it('ends sessions whose right is gone until that is done, although the database was away at first', async () => {
  const { events, done, watch } = await joined(3);
  events.emit('applied', { version: 2 });
  events.emit('access-ended', { requestId: 'r' });
  await vi.advanceTimersByTimeAsync(0);
  expect(done).toEqual([]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(done.sort()).toEqual(['rechecked', 'revoked']);
  await watch.close();
});

it('does not try on when the server stops', async () => {
  const { events, done, watch } = await joined(1);
  events.emit('applied', { version: 2 });
  await vi.advanceTimersByTimeAsync(0);
  await watch.close();
  await vi.advanceTimersByTimeAsync(5000);
  expect(done).toEqual([]);
});
