import type { Terminal } from '@xterm/headless/lib-headless/xterm-headless.mjs';
import type { Inside } from './xterm-inside.ts';

/**
 * Cells that the output of one segment may erase and move, and that may be read of it; what is printed counts more. Far more than a program shows that somebody looks at,
 * and about a second of work: a target that asks for more has no text and no keyframes from there on. Counted, not timed, so that whoever checks comes to the same end.
 */
export const cellsPerSegment = 67_108_864;

/** What printing a character costs, in cells that are erased. */
export const printedCells = 4;

/** A slice of output draws about so many cells at most: a few milliseconds. */
const cellsPerSlice = 131_072;
const sliceBytes = 4096;

/** The output of a segment costs more than is drawn of one. */
export class DrawsTooMuch extends Error {}

/** What has been drawn since the budget was given. */
export class DrawingCost {
  private left = Number.POSITIVE_INFINITY;

  /** A new budget; without one nothing is limited. */
  allow(cells: number): void {
    this.left = cells;
  }

  /** Throws DrawsTooMuch when there is no more left. */
  spend(cells: number): void {
    this.left -= cells;
    if (this.left < 0) throw new DrawsTooMuch('more is drawn than may be');
  }
}

/** Sequences that touch the whole screen. */
const wholeScreen: { prefix?: string; intermediates?: string; final: string }[] = [
  { final: 'J' },
  { prefix: '?', final: 'J' },
  { intermediates: "'", final: '}' },
  { intermediates: "'", final: '~' },
  { intermediates: ' ', final: '@' },
  { intermediates: ' ', final: 'A' },
];
const oneLine = [{ final: 'K' }, { prefix: '?', final: 'K' }, { final: 'X' }, { final: 'P' }, { final: '@' }];
const movingLines = ['S', 'T', 'L', 'M'];

/** Counts what each sequence costs, before it is carried out. Printed characters are counted where they are bounded (bounded-marks.ts). */
export function followCost(terminal: Terminal, inside: Inside, cost: DrawingCost): void {
  const { parser } = terminal;
  const service = inside._bufferService;
  const screen = () => service.cols * service.rows;
  const before = (cells: (parameters: (number | number[])[]) => number) => (parameters: (number | number[])[]) => {
    cost.spend(cells(parameters));
    return false;
  };
  for (const id of wholeScreen) parser.registerCsiHandler(id, before(screen));
  for (const id of oneLine)
    parser.registerCsiHandler(
      id,
      before(() => service.cols),
    );
  for (const final of movingLines) {
    const lines = ([first]: (number | number[])[]) => Math.min(typeof first === 'number' ? first : 1, service.rows);
    parser.registerCsiHandler(
      { final },
      before((parameters) => lines(parameters) * (service.cols + service.rows)),
    );
  }
  for (const final of ['h', 'l'])
    parser.registerCsiHandler(
      { prefix: '?', final },
      before((parameters) => screen() * parameters.length),
    );
  const onEscape = (id: { intermediates?: string; final: string }, cells: () => number) =>
    parser.registerEscHandler(id, () => {
      cost.spend(cells());
      return false;
    });
  onEscape({ final: 'c' }, () => 2 * screen());
  onEscape({ final: 'M' }, () => service.cols + service.rows);
  onEscape({ intermediates: '#', final: '8' }, screen);
  const scroll = service.scroll.bind(service);
  service.scroll = (attributes, isWrapped) => {
    // The screen's lines move as a whole; the one that leaves is read, a new one is made.
    cost.spend(16 + (service.cols + service.rows) / 4);
    scroll(attributes, isWrapped);
  };
}

/**
 * Cuts output where one may give way: a slice has few sequences when the screen is large. How it is cut makes no difference in what is drawn.
 */
export function* slicesOf(data: Uint8Array, size: { cols: number; rows: number }): Generator<Uint8Array> {
  const sequences = Math.max(Math.floor(cellsPerSlice / (size.cols * size.rows)), 1);
  let start = 0;
  let seen = 0;
  for (let at = 0; at < data.length; at += 1) {
    // ESC, and the first byte of a C1 control.
    if (data[at] === 0x1b || data[at] === 0xc2) seen += 1;
    if (seen <= sequences && at - start < sliceBytes) continue;
    yield data.subarray(start, at);
    start = at;
    seen = 0;
  }
  if (start < data.length) yield data.subarray(start);
}
