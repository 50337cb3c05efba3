import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { drainTimes, makeDraining } from './draining.ts';

let left: number;
let log: string[];
let draining: ReturnType<typeof makeDraining>;

beforeEach(() => {
  vi.useFakeTimers();
  left = 0;
  log = [];
  draining = makeDraining({
    pump: () => log.push('pump'),
    finish: () => log.push('finish'),
    holds: () => left > 0,
    over: (whole) => log.push(`over ${whole}`),
  });
});
afterEach(() => vi.useRealTimers());

it('is over after its time when nothing is left', () => {
  draining.begin();
  expect(log).toEqual(['pump']);
  vi.advanceTimersByTime(drainTimes.politely);
  expect(log).toEqual(['pump', 'finish']);
  vi.advanceTimersByTime(drainTimes.over);
  expect(log).toEqual(['pump', 'finish', 'over true']);
});

it('waits for a record that is slow, and then all of it is recorded', () => {
  left = 4_000_000;
  draining.begin();
  vi.advanceTimersByTime(20_000);
  expect(log).toEqual(['pump', 'finish']);
  left = 0;
  vi.advanceTimersByTime(drainTimes.look);
  expect(log.at(-1)).toBe('over true');
});

it('is over without all of it when that takes too long', () => {
  left = 1;
  draining.begin();
  vi.advanceTimersByTime(drainTimes.slow);
  expect(log.at(-1)).toBe('over false');
  vi.advanceTimersByTime(drainTimes.slow);
  expect(log).toHaveLength(3);
});

it('says nothing any more once it was stopped', () => {
  draining.begin();
  draining.stop();
  vi.advanceTimersByTime(drainTimes.slow);
  expect(log).toEqual(['pump']);
});
