import fc from 'fast-check';
import { expect, test } from 'vitest';
import { makeRateLimit } from './rate-limit.ts';

test('so many at once, then one for each that grew back; keys do not share', () => {
  const limit = makeRateLimit({ perMinute: 60 });
  const first = Array.from({ length: 70 }, () => limit.take('a', 0));
  expect(first.filter((wait) => wait === null)).toHaveLength(60);
  expect(first.at(-1)).toBe(1);
  expect(limit.take('b', 0)).toBeNull();
  expect(limit.take('a', 1000)).toBeNull();
  expect(limit.take('a', 1000)).toBe(1);
});

test('a minute’s share does not come at once where that is too much', () => {
  const limit = makeRateLimit({ perMinute: 600, atOnce: 5 });
  expect(Array.from({ length: 8 }, () => limit.take('a', 0)).filter((wait) => wait === null)).toHaveLength(5);
  expect(limit.take('a', 60_000)).toBeNull();
  expect(Array.from({ length: 8 }, () => limit.take('a', 60_000)).filter((wait) => wait === null)).toHaveLength(4);
});

test('what is given back may be taken again', () => {
  const limit = makeRateLimit({ perMinute: 2 });
  for (let at = 0; at < 10; at += 1) {
    expect(limit.take('a', 0)).toBeNull();
    limit.giveBack('a');
  }
  expect([limit.take('a', 0), limit.take('a', 0), limit.take('a', 0)]).toEqual([null, null, 30]);
});

test('who waits as long as told is heard, whatever was asked before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 }),
      (perMinute, gaps) => {
        const limit = makeRateLimit({ perMinute });
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const wait = limit.take('a', now);
          if (wait === null) continue;
          now += wait * 1000;
          expect(limit.take('a', now)).toBeNull();
        }
      },
    ),
  );
});
