import { z } from 'zod';

/** No terminal of a recording is larger, whatever asked for it: a screen costs memory and time by its cells, and a recording may be hostile. */
export const colsAtMost = 1000;
export const rowsAtMost = 500;

/** The fields of a terminal's size, for schemas. */
export const sizeFields = {
  cols: z.number().int().min(1).max(colsAtMost),
  rows: z.number().int().min(1).max(rowsAtMost),
};

/** The size that the data of an `r` event names ("COLSxROWS"); null when it names none. It may be larger than any terminal. */
export function readSize(data: string): { cols: number; rows: number } | null {
  const [, cols, rows] = /^(\d+)x(\d+)$/.exec(data) ?? [];
  return cols === undefined || rows === undefined ? null : { cols: Number(cols), rows: Number(rows) };
}

export function isPossible({ cols, rows }: { cols: number; rows: number }): boolean {
  return cols <= colsAtMost && rows <= rowsAtMost;
}
