import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, counts, difference } from './difference.ts';

const item = fc.record({
  id: fc.string({ maxLength: 2 }),
  value: fc.dictionary(fc.string({ maxLength: 2 }), fc.integer()),
});
const items = fc.uniqueArray(item, { selector: (each) => each.id, maxLength: 8 });
const keyOf = (each: { id: string }): string => each.id;

test('what it finds, done to what is there, gives what is wanted; and then nothing is left to do', () => {
  fc.assert(
    fc.property(items, items, (before, after) => {
      const found = difference(before, after, keyOf);
      const gone = new Set(found.removed.map(keyOf));
      const done = new Map(before.filter((each) => !gone.has(each.id)).map((each) => [each.id, each]));
      for (const each of [...found.added, ...found.changed]) done.set(each.id, each);
      expect([...done.values()].map(canonical).sort()).toEqual(after.map(canonical).sort());
      expect(counts(difference([...done.values()], after, keyOf))).toEqual({ added: 0, changed: 0, removed: 0 });
    }),
  );
});

test('the order of members is no difference, the order of a list is', () => {
  expect(canonical({ a: 1, b: { c: 2, d: 3 } })).toBe(canonical({ b: { d: 3, c: 2 }, a: 1 }));
  expect(canonical([1, 2])).not.toBe(canonical([2, 1]));
});
