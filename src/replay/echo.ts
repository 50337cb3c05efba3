/** CSI, OSC, DCS and its like, SS3, and other escape sequences (ECMA-48), complete. */
const sequence =
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|O[@-~]|[ -/]*[0-NQ-WYZ\\`-~])/g;

/** The printing characters alone. A line that wraps has blanks and returns in its echo that nobody typed. */
export function plain(text: string): string {
  return text.replace(sequence, '').replace(/[\s\p{Cc}]/gu, '');
}

/** Corrections are within a line: what is far behind it is not looked at. */
const correctedAtMost = 8192;

/** As `plain`, for what is left after backspaces and erasing (BS, EL, DCH): the echo of a line that was corrected. */
export function onScreen(text: string): string {
  const cells: string[] = [];
  let at = 0;
  for (const [part] of text.slice(0, correctedAtMost).matchAll(/\x1b\[(\d*)([KP])|[^\x1b]|\x1b/g)) {
    if (part === '\b') at = Math.max(0, at - 1);
    else if (part === '\n') at = cells.length;
    else if (part.startsWith('\x1b[') && part.endsWith('K')) cells.length = Math.min(cells.length, at);
    else if (part.startsWith('\x1b[')) cells.splice(at, Math.max(1, Number(part.slice(2, -1))));
    else if (part !== '\r') {
      cells[at] = part;
      at += 1;
    }
  }
  return plain(cells.join(''));
}
