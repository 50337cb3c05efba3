/** Commit Mono: an advance of 0.6 em; lines are 17 px at 13 px. */
const advance = 0.6;
const lineShare = 17 / 13;

/**
 * xterm cuts a cell's width to whole device pixels; at 13 px that squeezes 7.8 px into 7. What has to be added to round
 * instead of cutting, in device pixels.
 */
export function letterSpacing(fontSize: number, devicePixelRatio: number): number {
  const width = fontSize * advance * devicePixelRatio;
  return Math.round(width) - Math.floor(width);
}

/** The wider of the two renderers' cells. */
const cellWidth = (fontSize: number) => Math.max(Math.round(fontSize * advance), fontSize * advance);
const cellHeight = (fontSize: number) => fontSize * lineShare;

/** Rail, side line and scrollbar; title bar, tabs, pane head, pane foot and foot: what is not terminal in the window. */
const beside = 72 + 14 + 24;
const above = 40 + 44 + 38 + 26 + 28 + 20;

/** The size a terminal will have in this window, near enough to ask for before it is laid out. */
export function expectedCells(
  room: { innerWidth: number; innerHeight: number },
  fontSize: number,
): { cols: number; rows: number } {
  const cols = Math.floor((room.innerWidth - beside) / cellWidth(fontSize));
  const rows = Math.floor((room.innerHeight - above) / cellHeight(fontSize));
  return { cols: Math.min(1000, Math.max(20, cols)), rows: Math.min(500, Math.max(5, rows)) };
}

/** Below this a recording is not made smaller for its height: the room scrolls, and follows the line with the cursor. */
const smallestForHeight = 10;
/** Below this it is not made smaller for its width either. A line cut at the side is worse than a small one. */
const smallest = 5;

/** The largest font size at which a grid of cells fits into a room, at most `wanted`; a tall grid may stay taller from 10 px down. */
export function fittingFontSize(
  room: { width: number; height: number },
  cells: { cols: number; rows: number },
  wanted: number,
): number {
  for (let size = wanted; size > smallest; size -= 1) {
    const fits = size <= smallestForHeight || cells.rows * cellHeight(size) <= room.height;
    if (fits && cells.cols * cellWidth(size) <= room.width) return size;
  }
  return Math.min(wanted, smallest);
}
