import type { IBuffer, IBufferLine } from '@xterm/xterm';

/** Rows that one line of text may take; of a longer one this many are read. */
const rowsAtMost = 64;

/** A line of text as it was printed: the rows that it wraps over, joined. */
export interface TextLine {
  /** Its first and last row in the buffer. */
  first: number;
  last: number;
  text: string;
}

export interface CellPlace {
  /** Row in the buffer. */
  y: number;
  /** Column, from 0. */
  x: number;
}

type Lines = Pick<IBuffer, 'getLine' | 'length'>;

/** The first row of the line that row `y` belongs to. */
export function firstRow(buffer: Lines, y: number): number {
  let first = y;
  while (first > 0 && y - first < rowsAtMost && buffer.getLine(first)?.isWrapped === true) first -= 1;
  return first;
}

/** The line that row `y` belongs to; null where there is no such row. */
export function lineAt(buffer: Lines, y: number): TextLine | null {
  if (buffer.getLine(y) === undefined) return null;
  const first = firstRow(buffer, y);
  let text = '';
  let last = first;
  for (let row = first; row - first < rowsAtMost; row += 1) {
    const line = buffer.getLine(row);
    if (line === undefined || (row > first && !line.isWrapped)) break;
    const goesOn = buffer.getLine(row + 1)?.isWrapped === true && row + 1 - first < rowsAtMost;
    text += line.translateToString(!goesOn);
    last = row;
  }
  return { first, last, text };
}

/** The lines from row `from` to row `to`, both included, without blanks at their ends. */
export function textBetween(buffer: Lines, from: number, to: number): string {
  const lines: string[] = [];
  for (let y = Math.max(0, from); y <= to && y < buffer.length; y += 1) {
    const line = buffer.getLine(y);
    if (line === undefined) break;
    const goesOn = y < to && buffer.getLine(y + 1)?.isWrapped === true;
    const text = line.translateToString(!goesOn);
    if (line.isWrapped && lines.length > 0) lines.push(`${lines.pop() ?? ''}${text}`);
    else lines.push(text);
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}

/** Walks a row's cells; calls back with each cell's column, its width and its characters as `translateToString` has them. */
function eachCell(line: IBufferLine, visit: (x: number, chars: string, width: number) => void): void {
  for (let x = 0; x < line.length; x += 1) {
    const cell = line.getCell(x);
    if (cell === undefined) return;
    const width = cell.getWidth();
    if (width > 0) visit(x, cell.getChars() || ' ', width);
  }
}

/**
 * Where characters `from` to `to` (exclusive) of a line stand, cell by cell: wide characters take two cells, combined ones are several
 * characters in one.
 */
export function cellsOf(buffer: Lines, line: TextLine, from: number, to: number): (CellPlace & { width: number })[] {
  const places: (CellPlace & { width: number })[] = [];
  let index = 0;
  for (let y = line.first; y <= line.last && index < to; y += 1) {
    const row = buffer.getLine(y);
    if (row === undefined) break;
    eachCell(row, (x, chars, width) => {
      if (index + chars.length > from && index < to) places.push({ y, x, width });
      index += chars.length;
    });
  }
  return places;
}
