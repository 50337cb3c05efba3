import { describe, expect, it } from 'vitest';
import { expectedCells, fittingFontSize, letterSpacing } from './cells.ts';

describe('cells', () => {
  it('rounds a cell to the nearest device pixel instead of cutting it', () => {
    expect(letterSpacing(13, 1)).toBe(1);
    expect(letterSpacing(12, 1)).toBe(0);
    expect(letterSpacing(13, 2)).toBe(1);
  });

  it('expects a size that the session process takes', () => {
    expect(expectedCells({ innerWidth: 1440, innerHeight: 900 }, 13)).toEqual({ cols: 166, rows: 41 });
    expect(expectedCells({ innerWidth: 0, innerHeight: 0 }, 32)).toEqual({ cols: 20, rows: 5 });
  });

  it('makes a recording smaller to fit, further for its width than for its height', () => {
    const cells = { cols: 120, rows: 40 };
    expect(fittingFontSize({ width: 2000, height: 2000 }, cells, 13)).toBe(13);
    expect(fittingFontSize({ width: 870, height: 2000 }, cells, 13)).toBe(12);
    expect(fittingFontSize({ width: 2000, height: 100 }, cells, 13)).toBe(10);
    expect(fittingFontSize({ width: 500, height: 100 }, cells, 13)).toBe(6);
    expect(fittingFontSize({ width: 100, height: 100 }, cells, 13)).toBe(5);
  });
});
