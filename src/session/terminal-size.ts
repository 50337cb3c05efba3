import { colsAtMost, rowsAtMost } from '../shared/record/terminal-size.ts';

export interface TerminalSize {
  cols: number;
  rows: number;
}

/** A terminal is 1 to 1,000 columns wide and 1 to 500 rows high; anything else is brought into that. */
export function clampSize(size: TerminalSize): TerminalSize {
  return { cols: clamp(size.cols, colsAtMost), rows: clamp(size.rows, rowsAtMost) };
}

function clamp(value: number, max: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(Math.trunc(value), 1), max) : 1;
}
