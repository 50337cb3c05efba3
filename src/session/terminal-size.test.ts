import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clampColumns, clampRows } from './terminal-size.ts';

it('keeps a terminal between 1x1 and 1000x500, whatever a screen says', () => {
  expect([clampColumns(80), clampRows(24)]).toEqual([80, 24]);
  expect([clampColumns(0), clampRows(-3), clampColumns(65_535), clampRows(65_535)]).toEqual([1, 1, 1000, 500]);
  expect([clampColumns(Number.NaN), clampRows(Number.POSITIVE_INFINITY), clampColumns(80.9)]).toEqual([1, 1, 80]);
  fc.assert(
    fc.property(
      fc.double(),
      (value) => Number.isInteger(clampColumns(value)) && clampRows(value) >= 1 && clampRows(value) <= 500,
    ),
  );
});
