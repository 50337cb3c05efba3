import { expect, test } from 'vitest';
import { duration, facts, moment, plain, short, size, table } from './text.ts';

test('tables are as wide as they must be, and end without spaces', () => {
  expect(
    table(
      ['A', 'NAME'],
      [
        ['1', 'x'],
        ['1000', 'long name'],
      ],
      'None.',
    ),
  ).toBe('A     NAME\n1     x\n1000  long name\n');
  expect(table(['A'], [], 'None.')).toBe('None.\n');
  expect(
    facts([
      ['a', '1'],
      ['longer', '2'],
    ]),
  ).toBe('a       1\nlonger  2\n');
});

test("other people's words cannot move the cursor", () => {
  expect(plain('a\u001b[2Jb\nc\u202ed\u0085')).toBe('a\ufffd[2Jb\ufffdc\ufffdd\ufffd');
  expect(table(['A'], [['x\ny']], '')).toBe('A\nx\ufffdy\n');
});

test('long words end with an ellipsis', () => {
  expect(short('x'.repeat(80))).toBe('x'.repeat(80));
  expect(short('x'.repeat(81))).toBe(`${'x'.repeat(79)}\u2026`);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [12_345, '12 KB'],
  [999_999, '1.0 MB'],
  [1_400_000, '1.4 MB'],
  [100_000_000, '100 MB'],
])('%d bytes are %s', (bytes, words) => {
  expect(size(bytes)).toBe(words);
});

test.each([
  [null, '-'],
  [900, '0 s'],
  [9000, '9 s'],
  [249_000, '4 m 09 s'],
  [3_840_000, '1 h 04 m'],
])('%s ms are %s', (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test('moments are UTC to the second', () => {
  expect(moment('2026-11-24T08:03:19.123Z')).toBe('2026-11-24 08:03:19');
  expect(moment(null)).toBe('-');
});
