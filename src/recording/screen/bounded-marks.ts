import { type DrawingCost, printedCells } from './drawing-cost.ts';
import type { Inside } from './xterm-inside.ts';

/** Marks that one character carries; xterm would append any number of them to one cell. Further ones are left out. */
export const marksAtMost = 8;

/** No character below joins another one. */
const firstThatJoins = 0x300;

/** xterm's answer for a character of one cell that joins nothing. */
const oneCell = 2;

/** Leaves marks out that a cell would carry beyond `marksAtMost`, and counts what is printed. */
export function boundMarks(inside: Inside, cost: DrawingCost): void {
  const handler = inside._inputHandler;
  const print = handler.print.bind(handler);
  let marks = 0;
  handler.print = (data, start, end) => {
    cost.spend((end - start) * (printedCells + (inside.coreService.modes.insertMode ? inside._bufferService.cols : 0)));
    let preceding = handler._parser.precedingJoinState;
    if (preceding === 0) marks = 0;
    let kept: Uint32Array | null = null;
    let length = 0;
    for (let at = start; at < end; at += 1) {
      const code = data[at] ?? 0;
      preceding = code < firstThatJoins ? oneCell : handler._unicodeService.charProperties(code, preceding);
      marks = (preceding & 1) === 0 ? 0 : marks + 1;
      if (marks > marksAtMost) kept ??= data.slice(start, end);
      else {
        if (kept !== null) kept[length] = code;
        length += 1;
      }
    }
    if (kept === null) print(data, start, end);
    else if (length > 0) print(kept, 0, length);
  };
}
