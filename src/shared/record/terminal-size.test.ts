import { expect, it } from 'vitest';
import { z } from 'zod';
import { isPossible, readSize, sizeFields } from './terminal-size.ts';

it('knows what size a terminal of a recording can have', () => {
  expect(readSize('1000x500')).toEqual({ cols: 1000, rows: 500 });
  for (const data of ['', '80', '80x', '80x24 ', '-1x2', '1.5x2']) expect(readSize(data)).toBeNull();
  const schema = z.object(sizeFields);
  for (const [cols, rows, possible] of [
    [1000, 500, true],
    [1001, 500, false],
    [1000, 501, false],
  ] as const) {
    expect(isPossible({ cols, rows })).toBe(possible);
    expect(schema.safeParse({ cols, rows }).success).toBe(possible);
  }
  expect(schema.safeParse({ cols: 0, rows: 24 }).success).toBe(false);
});
