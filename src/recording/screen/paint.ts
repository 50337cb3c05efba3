import { type Attributes, attributesOf, plain, sameAttributes, sgr } from './attributes.ts';
import type { InsideBuffer, InsideLine } from './xterm-inside.ts';

export type LinkData = { id: string; uri: string };

export function cursorTo(row: number, column: number): string {
  return `\x1b[${row + 1};${column + 1}H`;
}

/** What a pen writes goes into a keyframe: cells in their attributes, with as few sequences as they need. */
export class Pen {
  private text = '';
  private attributes: Attributes = plain;
  private readonly linkOf: (id: number) => LinkData | undefined;

  constructor(linkOf: (id: number) => LinkData | undefined) {
    this.linkOf = linkOf;
  }

  get written(): string {
    return this.text;
  }

  put(text: string): void {
    this.text += text;
  }

  wear(to: Attributes): void {
    if (to.link !== this.attributes.link) {
      const link = to.link === 0 ? undefined : this.linkOf(to.link);
      const parameters = link === undefined || link.id === '' ? '' : `id=${link.id}`;
      this.text += `\x1b]8;${parameters};${link?.uri ?? ''}\x1b\\`;
    }
    this.text += sgr(this.attributes, to);
    this.attributes = to;
  }

  /** Puts on `to` by a sequence in any case: what comes next does not join what was written before. */
  wearAnew(to: Attributes): void {
    this.text += '\x1b[m';
    this.attributes = { ...plain, link: this.attributes.link };
    this.wear(to);
  }
}

export interface Cell {
  chars: string;
  width: number;
  attributes: Attributes;
}

const noExtended = { underlineStyle: 0, underlineColor: 0, urlId: 0, clone: () => noExtended };

export function cellAt(line: InsideLine, column: number): Cell {
  return {
    chars: line.getString(column),
    width: line.getWidth(column),
    attributes: attributesOf({
      fg: line.getFg(column),
      bg: line.getBg(column),
      extended: line._extendedAttrs[column] ?? noExtended,
    }),
  };
}

/** Erased with a background, as any erasing sequence leaves it. */
function isErased({ chars, width, attributes }: Cell): boolean {
  return chars === '' && width === 1 && sameAttributes({ ...plain, background: attributes.background }, attributes);
}

/** A cell without a character that has more than a background: what is left of a wide character that was half overwritten. */
function isRemains(cell: Cell): boolean {
  return cell.chars === '' && cell.width === 1 && !isErased(cell);
}

function isUntouched(cell: Cell): boolean {
  return isErased(cell) && cell.attributes.background === plain.background;
}

export function lineAt(buffer: InsideBuffer, row: number): InsideLine {
  const line = buffer.lines.get(buffer.ybase + row);
  if (line === undefined) throw new Error(`the screen has no row ${row}`);
  return line;
}

/** Marks rows that continue the one above, on a blank screen in its initial modes: only a character that wraps does that. */
function paintWraps(pen: Pen, buffer: InsideBuffer, size: { cols: number; rows: number }): void {
  const wrap = (row: number) => pen.put(`${cursorTo(row, size.cols - 1)}  `);
  pen.wear(plain);
  let isDirty = false;
  if (lineAt(buffer, 0).isWrapped) {
    // Its beginning has left the screen: let it wrap at the bottom and move it up.
    wrap(size.rows - 1);
    if (size.rows > 1) pen.put(`\x1b[${size.rows - 1}S`);
    isDirty = true;
  }
  for (let row = 1; row < size.rows; row += 1) {
    if (!lineAt(buffer, row).isWrapped) continue;
    wrap(row - 1);
    isDirty = true;
  }
  if (!isDirty) return;
  // Erase characters, which leaves the marks: erasing lines would not.
  for (let row = 0; row < size.rows; row += 1) {
    const next = row + 1 < size.rows && lineAt(buffer, row + 1).isWrapped;
    if (lineAt(buffer, row).isWrapped || next) pen.put(`${cursorTo(row, 0)}\x1b[${size.cols}X`);
  }
}

const wide = '\u3000';

/** Leaves `column` as the remains of a wide character; its neighbour (the next one, or the one before at the edge) is painted over later. */
function paintRemains(pen: Pen, row: number, column: number, cols: number, attributes: Attributes): void {
  if (cols < 2) return;
  const first = column === cols - 1 ? column - 1 : column;
  pen.wear(attributes);
  pen.put(`${cursorTo(row, first)}${wide}${cursorTo(row, column === first ? column + 1 : first)} `);
}

function paintRow(pen: Pen, line: InsideLine, row: number, cols: number): void {
  const cells = Array.from({ length: cols }, (_, column) => cellAt(line, column));
  const last = cells[cols - 1];
  if (last !== undefined && isRemains(last)) paintRemains(pen, row, cols - 1, cols, last.attributes);
  let touched = -1;
  if (last !== undefined && isRemains(last)) touched = cols - 2;
  cells.forEach((cell, column) => {
    if (column === cols - 1 || !isRemains(cell)) return;
    paintRemains(pen, row, column, cols, cell.attributes);
    touched = column + 1;
  });
  // Remains were made with their neighbours: every other cell of such a row is written, blank ones as well.
  const all = touched >= 0;
  let at = -1;
  let column = 0;
  let joins = false;
  while (column < cols) {
    const cell = cells[column];
    if (cell === undefined) break;
    if (isRemains(cell) || (cell.width === 0 && cell.chars === '') || (!all && isUntouched(cell))) {
      column += 1;
      joins = false;
      continue;
    }
    if (at !== column) {
      pen.put(cursorTo(row, column));
      joins = false;
    }
    if (isErased(cell)) {
      let end = column + 1;
      while (end < cols && sameCell(cells[end], cell)) end += 1;
      pen.wear(cell.attributes);
      pen.put(`\x1b[${end - column}X`);
      column = end;
      at = -1;
      continue;
    }
    // A mark that combines with nothing has a cell of its own where nothing came before it.
    if (cell.width === 0 && joins) pen.wearAnew(cell.attributes);
    else pen.wear(cell.attributes);
    pen.put(cell.chars);
    joins = true;
    column += Math.max(cell.width, 1);
    at = column < cols ? column : -1;
  }
}

function sameCell(left: Cell | undefined, right: Cell): boolean {
  return left !== undefined && left.chars === right.chars && left.width === right.width
    ? sameAttributes(left.attributes, right.attributes)
    : false;
}

/** Paints a whole buffer onto a blank one in its initial modes. */
export function paintBuffer(pen: Pen, buffer: InsideBuffer, size: { cols: number; rows: number }): void {
  paintWraps(pen, buffer, size);
  for (let row = 0; row < size.rows; row += 1) paintRow(pen, lineAt(buffer, row), row, size.cols);
  pen.wear(plain);
}
