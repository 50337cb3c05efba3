import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { retryDelayMs } from '../control-channel/backoff.ts';
import { Throttle } from './throttle.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the first at once, then the newest once per interval, the last never lost', () => {
  const passed: number[] = [];
  const throttle = new Throttle<number>(1000, (value) => passed.push(value));
  for (const value of [1, 2, 3]) throttle.offer(value);
  expect(passed).toEqual([1]);
  vi.advanceTimersByTime(1000);
  expect(passed).toEqual([1, 3]);
  throttle.offer(4);
  throttle.flush();
  expect(passed).toEqual([1, 3, 4]);
  vi.advanceTimersByTime(5000);
  expect(passed).toEqual([1, 3, 4]);
});

test('tries wait longer and longer, never more than 30 s, never all together', () => {
  expect([0, 1, 2].map((attempt) => retryDelayMs(attempt, 0))).toEqual([250, 500, 1000]);
  expect(retryDelayMs(50, 0.999)).toBeLessThanOrEqual(30_000);
  expect(retryDelayMs(3, 0.1)).not.toBe(retryDelayMs(3, 0.9));
});
