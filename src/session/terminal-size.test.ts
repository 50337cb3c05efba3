import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clampSize } from './terminal-size.ts';

it('keeps a terminal between 1x1 and 1000x500, whatever a screen says', () => {
  expect(clampSize({ cols: 80, rows: 24 })).toEqual({ cols: 80, rows: 24 });
  expect(clampSize({ cols: 0, rows: -3 })).toEqual({ cols: 1, rows: 1 });
  expect(clampSize({ cols: 65_535, rows: 65_535 })).toEqual({ cols: 1000, rows: 500 });
  expect(clampSize({ cols: Number.NaN, rows: 24.9 })).toEqual({ cols: 1, rows: 24 });
  fc.assert(
    fc.property(fc.double(), fc.double(), (cols, rows) => {
      const size = clampSize({ cols, rows });
      return (
        Number.isInteger(size.cols) &&
        Number.isInteger(size.rows) &&
        size.cols >= 1 &&
        size.cols <= 1000 &&
        size.rows >= 1 &&
        size.rows <= 500
      );
    }),
  );
});
