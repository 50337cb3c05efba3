import type { InsideBuffer, InsideLine } from '../screen/xterm-inside.ts';

/** Rows that one line of text may take; a longer one is read in part. */
const rowsAtMost = 64;

function rowAt(buffer: InsideBuffer, row: number): InsideLine | undefined {
  return row < 0 ? undefined : buffer.lines.get(buffer.ybase + row);
}

/** The text of the line that ends in this row, with the rows above that it wraps from. Spaces at its end are kept. */
export function lineEndingAt(buffer: InsideBuffer, row: number): string {
  let text = '';
  for (let at = row; at >= 0 && row - at < rowsAtMost; at -= 1) {
    const line = rowAt(buffer, at);
    if (line === undefined) break;
    text = line.translateToString(false) + text;
    if (!line.isWrapped) break;
  }
  return text;
}

/** As `lineEndingAt`, up to the cursor. */
export function lineToCursor(buffer: InsideBuffer): string {
  const line = rowAt(buffer, buffer.y);
  if (line === undefined) return '';
  const own = line.translateToString(false, 0, buffer.x);
  return line.isWrapped ? lineEndingAt(buffer, buffer.y - 1) + own : own;
}

/** All lines of a screen, wrapped rows joined, blank ones left out. */
export function screenLines(buffer: InsideBuffer, rows: number): string[] {
  const lines: string[] = [];
  for (let row = 0; row < rows && row < buffer.lines.length; row += 1) {
    const line = rowAt(buffer, row);
    if (line === undefined) break;
    const goesOn = rowAt(buffer, row + 1)?.isWrapped === true && row + 1 < rows;
    const text = line.translateToString(!goesOn);
    if (line.isWrapped && lines.length > 0) lines.push((lines.pop() ?? '') + text);
    else lines.push(text);
  }
  return lines.map((text) => text.trimEnd()).filter((text) => text !== '');
}
