import { expect, test } from 'vitest';
import { createStrangerLimit } from './stranger-limit.ts';

test('records sixty a minute of one network, then counts, and tells the count with the next', () => {
  const limit = createStrangerLimit();
  const first = Array.from({ length: 100 }, (_, index) => limit.admit('10.0.0.1', index));
  expect(first.filter((each) => each.record)).toHaveLength(60);
  expect(limit.admit('10.0.0.2', 100)).toEqual({ record: true, leftOut: 0 });
  expect(limit.admit('10.0.0.1', 60_000)).toEqual({ record: true, leftOut: 40 });
  expect(limit.admit('10.0.0.1', 60_001)).toEqual({ record: true, leftOut: 0 });
});
