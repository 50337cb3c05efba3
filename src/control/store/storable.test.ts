import { expect, test } from 'vitest';
import { holdsUnstorable } from './storable.ts';

test.each([
  ['NUL', { a: ['x', { b: 'a\u0000b' }] }],
  ['NUL in a key', { 'a\u0000': 1 }],
  ['half a pair', ['\ud83d']],
])('%s cannot be stored', (_name, value) => {
  expect(holdsUnstorable(value)).toBe(true);
});

test('all other text can, bytes are not text, and depth is no way in', () => {
  expect(holdsUnstorable({ a: '\u0001\u007f\u{1f600}', b: Buffer.from('a\0b'), c: null, d: 1 })).toBe(false);
  let deep: unknown = 'x\u0000';
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
  expect(holdsUnstorable(deep)).toBe(true);
});
