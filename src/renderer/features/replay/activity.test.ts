import { describe, expect, it } from 'vitest';
import { barsOf, idleStretches, scaleTimes } from './activity.ts';

const slice = (output: number, input = 0) => ({ output, input });

describe('activity', () => {
  it('keeps a keystroke visible beside a flood', () => {
    const bars = barsOf([slice(100_000_000), slice(20)], 2);
    expect(bars[0]?.output).toBe(1);
    expect(bars[1]?.output).toBeGreaterThan(0);
    expect(barsOf([slice(0), slice(5)], 2)[0]?.output).toBe(0);
  });

  it('loses nothing when bars are fewer or more than slices', () => {
    expect(
      barsOf(
        Array.from({ length: 100 }, () => slice(1)),
        7,
      ).every((bar) => bar.output > 0.5),
    ).toBe(true);
    expect(barsOf([slice(4)], 3)).toHaveLength(3);
    expect(barsOf([], 3)).toEqual([]);
  });

  it('finds the long pauses only', () => {
    const quiet = [slice(1), slice(0), slice(0), slice(0), slice(2, 1), slice(0)];
    expect(idleStretches(quiet, 60_000)).toEqual([
      { fromMs: 10_000, toMs: 40_000 },
      { fromMs: 50_000, toMs: 60_000 },
    ]);
    expect(idleStretches(quiet, 6000)).toEqual([]);
  });

  it('writes round times about every 110 px', () => {
    expect(scaleTimes(1_136_000, 900)).toEqual([0, 300_000, 600_000, 900_000]);
    expect(scaleTimes(4000, 900)).toEqual([0, 1000, 2000, 3000, 4000]);
  });
});
