import { type Attributes, attributesOf, rawUnderline, sameAttributes } from './attributes.ts';
import { charsetName } from './charsets.ts';
import { type Cell, cellAt, type LinkData, lineAt } from './paint.ts';
import type { Inside, InsideAttributes, InsideBuffer } from './xterm-inside.ts';

/** All that later output may depend on or that a person sees, scrollback aside. */
export interface ScreenState {
  cols: number;
  rows: number;
  isAlternate: boolean;
  normal: BufferState;
  alternate: BufferState;
  /** Everything else, as a text per fact. */
  facts: Record<string, string>;
}

export interface BufferState {
  /** Empty for the alternate buffer while it is not shown: it is blank then. */
  cells: Cell[][];
  wraps: boolean[];
  facts: Record<string, string>;
}

export type Colors = ReadonlyMap<number, string>;

function described(attributes: Attributes, link: LinkData | undefined): string {
  return JSON.stringify({ ...attributes, link: link === undefined ? null : [link.id, link.uri] });
}

function bufferState(
  buffer: InsideBuffer,
  size: { cols: number; rows: number },
  isShown: boolean,
  isLive: boolean,
): BufferState {
  const rows = isShown ? Array.from({ length: size.rows }, (_, row) => lineAt(buffer, row)) : [];
  const saved = attributesOf({ ...buffer.savedCurAttrData, extended: noExtended });
  const facts: Record<string, string> = {
    saved: `${buffer.savedX},${buffer.savedY - buffer.ybase}`,
    'saved attributes': JSON.stringify(saved),
    'saved flags': flagsOf(buffer.savedCurAttrData),
    'saved charset': charsetName(buffer.savedCharset),
  };
  if (isShown) {
    facts.tabs = Object.keys(buffer.tabs)
      .filter((column) => buffer.tabs[Number(column)] === true)
      .join(',');
    facts.region = `${buffer.scrollTop}-${buffer.scrollBottom}`;
    // A buffer that waits gives its cursor up to the other one when it returns; only a resize asks for it.
    facts.cursor = `${isLive ? buffer.x : Math.min(buffer.x, size.cols - 1)},${buffer.y}`;
  }
  return {
    cells: rows.map((line) => Array.from({ length: size.cols }, (_, column) => cellAt(line, column))),
    wraps: rows.map((line) => line.isWrapped),
    facts,
  };
}

const noExtended = { underlineStyle: 0, underlineColor: 0, urlId: 0, clone: () => noExtended };

/** Whether xterm holds "underlined" and "has more": a restored cursor brings them back without the style they go with. */
function flagsOf({ fg, bg }: InsideAttributes): string {
  return `${(fg >>> 28) & 1}${(bg >>> 28) & 1}`;
}

function latent(attributes: InsideAttributes): string {
  return `${rawUnderline(attributes.extended)},${attributes.extended.underlineColor},${flagsOf(attributes)}`;
}

/** Reads the state of a terminal between two sequences. */
export function stateOf(inside: Inside, linkOf: (id: number) => LinkData | undefined, colors: Colors): ScreenState {
  const { cols, rows, buffers } = inside._bufferService;
  const isAlternate = buffers.active === buffers.alt;
  const { _charsetService: charsets, coreService, coreMouseService: mouse, _inputHandler: handler } = inside;
  const pen = attributesOf(handler._curAttrData);
  const size = { cols, rows };
  return {
    cols,
    rows,
    isAlternate,
    normal: bufferState(buffers.normal, size, true, !isAlternate),
    alternate: bufferState(buffers.alt, size, isAlternate, isAlternate),
    facts: {
      attributes: described({ ...pen, link: 0 }, linkOf(handler._curAttrData.extended.urlId)),
      latent: latent(handler._curAttrData),
      charset: charsetName(charsets.charset),
      charsets: [0, 1, 2, 3].map((set) => charsetName(charsets._charsets[set])).join(''),
      shift: String(charsets.glevel),
      modes: JSON.stringify({ ...coreService.decPrivateModes, ...coreService.modes }),
      cursor: String(coreService.isCursorHidden),
      mouse: `${mouse.activeProtocol} ${mouse.activeEncoding}`,
      options: JSON.stringify([
        inside.optionsService.rawOptions.convertEol,
        inside.optionsService.rawOptions.cursorBlink,
      ]),
      joining: String(handler._parser.precedingJoinState),
      parser: String(handler._parser.currentState),
      title: handler._windowTitle,
      icon: handler._iconName,
      colors: JSON.stringify([...colors].sort(([left], [right]) => left - right)),
    },
  };
}

type LinkOf = (id: number) => LinkData | undefined;

function sameLink(left: LinkData | undefined, right: LinkData | undefined): boolean {
  return left?.id === right?.id && left?.uri === right?.uri;
}

function factsDiffer(where: string, left: Record<string, string>, right: Record<string, string>): string | null {
  for (const key of Object.keys(left)) {
    if (left[key] !== right[key]) return `${where}${key}: ${left[key]} is not ${right[key]}`;
  }
  return null;
}

function buffersDiffer(where: string, left: BufferState, right: BufferState, links: [LinkOf, LinkOf]): string | null {
  if (left.cells.length !== right.cells.length) return `${where}: ${left.cells.length} rows, not ${right.cells.length}`;
  for (const [row, cells] of left.cells.entries()) {
    if (left.wraps[row] !== right.wraps[row]) return `${where} row ${row}: wraps ${left.wraps[row]}`;
    for (const [column, cell] of cells.entries()) {
      const other = right.cells[row]?.[column];
      const same =
        other !== undefined &&
        cell.chars === other.chars &&
        cell.width === other.width &&
        sameAttributes({ ...cell.attributes, link: 0 }, { ...other.attributes, link: 0 }) &&
        sameLink(links[0](cell.attributes.link), links[1](other.attributes.link));
      if (!same) return `${where} row ${row} column ${column}: ${JSON.stringify(cell)} is not ${JSON.stringify(other)}`;
    }
  }
  return factsDiffer(`${where} `, left.facts, right.facts);
}

/** The first difference of two states, in words, or null. Links count by what they say, not by xterm's number. */
export function differenceOf(left: ScreenState, right: ScreenState, links: [LinkOf, LinkOf]): string | null {
  if (left.cols !== right.cols || left.rows !== right.rows) return 'another size';
  if (left.isAlternate !== right.isAlternate) return 'the other buffer';
  return (
    buffersDiffer('normal', left.normal, right.normal, links) ??
    buffersDiffer('alternate', left.alternate, right.alternate, links) ??
    factsDiffer('', left.facts, right.facts)
  );
}
