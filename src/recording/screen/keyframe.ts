import { type Attributes, attributesOf, plain, rawUnderline } from './attributes.ts';
import { charsetName, underCharset } from './charsets.ts';
import { cellAt, cursorTo, type LinkData, lineAt, Pen, paintBuffer } from './paint.ts';
import type { Colors } from './screen-state.ts';
import type { Charset, Inside, InsideBuffer } from './xterm-inside.ts';

interface Size {
  cols: number;
  rows: number;
}

/** SCS for G0 to G3. */
const designators = ['(', ')', '*', '+'];

/** Locking shifts: SI, SO, LS2, LS3. */
const shifts = ['\x0f', '\x0e', '\x1bn', '\x1bo'];

/** DECSC with the position, attributes and character set that this buffer's saved cursor has. On a blank screen, which it leaves blank. */
function saveCursor(pen: Pen, buffer: InsideBuffer, size: Size): void {
  if (!hasSaved(buffer)) return;
  const row = Math.max(buffer.savedY - buffer.ybase, 0);
  const { fg, bg } = buffer.savedCurAttrData;
  // The style of an underline is not saved, only that there is one.
  const underline = (fg & isUnderlined) === 0 ? 0 : 1;
  const attributes: Attributes = { ...attributesOf({ fg, bg, extended: savedExtended }), underline };
  // Beyond the last column: where a character was just written there and the next one would wrap.
  const isBeyond = buffer.savedX >= size.cols;
  if (isBeyond) pen.put(`${cursorTo(row, size.cols - 1)} `);
  else pen.put(cursorTo(row, buffer.savedX));
  pen.wear(attributes);
  const charset = charsetName(buffer.savedCharset);
  const save = charset === 'B' ? '\x1b7' : `\x1b(${charset}\x1b7\x1b(B`;
  // Saved while a link was open: xterm then restores that there is one, but not which.
  const isLinked = underline === 0 && (bg & hasMore) !== 0;
  pen.put(isLinked ? `\x1b]8;;x:\x1b\\${save}\x1b]8;;\x1b\\` : save);
  pen.wear(plain);
  if (isBeyond) pen.put(`${cursorTo(row, size.cols - 1)}\x1b[X`);
}

/** xterm's flags: in fg, and in bg for attributes that do not fit into both. */
const isUnderlined = 2 ** 28;
const hasMore = 2 ** 28;

const savedExtended = { underlineStyle: 0, underlineColor: 0, urlId: 0, clone: () => savedExtended };

function hasSaved(buffer: InsideBuffer): boolean {
  const { fg, bg } = buffer.savedCurAttrData;
  return buffer.savedX !== 0 || buffer.savedY - buffer.ybase > 0 || fg !== 0 || bg !== 0 || !!buffer.savedCharset;
}

function setTabs(pen: Pen, buffer: InsideBuffer, cols: number): void {
  const stops = Array.from({ length: cols }, (_, column) => column).filter((column) => buffer.tabs[column] === true);
  const usual = Array.from({ length: Math.ceil(cols / 8) }, (_, index) => index * 8);
  if (stops.join() === usual.join()) return;
  pen.put('\x1b[3g');
  for (const column of stops) pen.put(`${cursorTo(0, column)}\x1bH`);
}

/** A blank buffer's cells and what else belongs to it. Leaves the cursor anywhere. */
function setBuffer(pen: Pen, buffer: InsideBuffer, size: Size): void {
  saveCursor(pen, buffer, size);
  paintBuffer(pen, buffer, size);
  setTabs(pen, buffer, size.cols);
  if (buffer.scrollTop !== 0 || buffer.scrollBottom !== size.rows - 1)
    pen.put(`\x1b[${buffer.scrollTop + 1};${buffer.scrollBottom + 1}r`);
}

const mouseModes: Record<string, string> = { X10: '9', VT200: '1000', DRAG: '1002', ANY: '1003' };
const encodingModes: Record<string, string> = { SGR: '1006', SGR_PIXELS: '1016' };
const cursorStyles = { block: 1, underline: 3, bar: 5 };

/** Modes that a reset terminal has otherwise; origin mode and what a reset leaves as it was aside. */
function modes(inside: Inside): string {
  const { decPrivateModes: mode, modes: ansi } = inside.coreService;
  const { activeProtocol, activeEncoding } = inside.coreMouseService;
  const set = [
    mode.applicationCursorKeys ? '1' : '',
    mode.reverseWraparound ? '45' : '',
    mode.applicationKeypad ? '66' : '',
    mouseModes[activeProtocol] ?? '',
    encodingModes[activeEncoding] ?? '',
    mode.sendFocus ? '1004' : '',
    mode.bracketedPasteMode ? '2004' : '',
    mode.synchronizedOutput ? '2026' : '',
  ].filter((number) => number !== '');
  let out = set.length === 0 ? '' : `\x1b[?${set.join(';')}h`;
  if (!mode.wraparound) out += '\x1b[?7l';
  if (ansi.insertMode) out += '\x1b[4h';
  if (mode.cursorStyle !== undefined)
    out += `\x1b[${cursorStyles[mode.cursorStyle] + (mode.cursorBlink === true ? 0 : 1)} q`;
  return out;
}

/** A terminal that was used before: what RIS leaves as it was in xterm. */
function beginning(inside: Inside, colors: Colors): string {
  const { convertEol, cursorBlink } = inside.optionsService.rawOptions;
  const { _windowTitle: title, _iconName: icon } = inside._inputHandler;
  const switches = `\x1b[20${convertEol ? 'h' : 'l'}\x1b[?12${cursorBlink ? 'h' : 'l'}`;
  const shown = `\x1b[?25${inside.coreService.isCursorHidden ? 'l' : 'h'}`;
  const titles = title === icon ? `\x1b]0;${title}\x1b\\` : `\x1b]2;${title}\x1b\\\x1b]1;${icon}\x1b\\`;
  let palette = '\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\';
  for (const [index, value] of colors)
    palette += index < 256 ? `\x1b]4;${index};${value}\x1b\\` : `\x1b]${index - 246};${value}\x1b\\`;
  return `\x18\x1bc${switches}${shown}${titles}${palette}`;
}

/** Designates the character sets and shifts. Where a restored cursor brought another set than is shifted in, restores it once more. */
function setCharsets(inside: Inside): { written: string; restores: boolean } {
  const { charset, glevel, _charsets: sets } = inside._charsetService;
  let out = '';
  designators.forEach((designator, index) => {
    const name = charsetName(sets[index]);
    if (name !== 'B') out += `\x1b${designator}${name}`;
  });
  if (glevel !== 0) out += shifts[glevel] ?? '';
  const restores = charsetName(charset) !== charsetName(sets[glevel]);
  return { written: restores ? `${out}\x1b8` : out, restores };
}

/** The attributes to come, with an underline's colour that waits for its underline. */
function currentAttributes(inside: Inside): { attributes: Attributes; waitingColor: Attributes | null } {
  const current = inside._inputHandler._curAttrData;
  const attributes = attributesOf(current);
  const waits = rawUnderline(current.extended) === 0 && current.extended.underlineColor !== attributes.underlineColor;
  return {
    attributes,
    waitingColor: waits ? { ...attributes, underlineColor: current.extended.underlineColor } : null,
  };
}

function setCursor(pen: Pen, inside: Inside, buffer: InsideBuffer, charset: Charset): void {
  const { cols } = inside._bufferService;
  const { origin } = inside.coreService.decPrivateModes;
  const joins = inside._inputHandler._parser.precedingJoinState;
  const { attributes, waitingColor } = currentAttributes(inside);
  const row = buffer.y - (origin ? buffer.scrollTop : 0);
  const wearCurrent = () => pen.wear(waitingColor ?? attributes);
  if (joins === 0 && buffer.x < cols) {
    pen.put(cursorTo(row, buffer.x));
    wearCurrent();
    return;
  }
  // The character before the cursor is written once more: so the next one wraps, or joins it, as it would have.
  const line = lineAt(buffer, buffer.y);
  const at = Math.min(buffer.x, cols);
  const before = line.getWidth(at - 1) === 0 && at > 1 && line.hasContent(at - 1) === 0 ? at - 2 : at - 1;
  const cell = cellAt(line, Math.max(before, 0));
  pen.put(cursorTo(row, Math.max(before, 0)));
  if (inside.coreService.modes.insertMode) pen.put(`\x1b[${Math.max(cell.width, 1)}P`);
  if (joins !== 0) {
    wearCurrent();
    pen.put(underCharset(cell.chars, charset));
    return;
  }
  pen.wear(cell.attributes);
  pen.put(underCharset(cell.chars, charset));
  wearCurrent();
}

/** A VT string that makes any xterm of this size show what this one shows, and go on as it would. Scrollback is not part of it. */
export function keyframeText(inside: Inside, linkOf: (id: number) => LinkData | undefined, colors: Colors): string {
  const { cols, rows, buffers } = inside._bufferService;
  const size = { cols, rows };
  const pen = new Pen(linkOf);
  pen.put(beginning(inside, colors));
  const isAlternate = buffers.active === buffers.alt;
  if (!isAlternate && hasSaved(buffers.alt)) {
    pen.put('\x1b[?47h');
    saveCursor(pen, buffers.alt, size);
    pen.put('\x1b[?47l');
  }
  setBuffer(pen, buffers.normal, size);
  if (isAlternate) {
    pen.put(`${cursorTo(buffers.normal.y, Math.min(buffers.normal.x, cols - 1))}\x1b[?47h`);
    setBuffer(pen, buffers.alt, size);
  }
  if (inside.coreService.decPrivateModes.origin) pen.put('\x1b[?6h');
  pen.put(modes(inside));
  const { written, restores } = setCharsets(inside);
  // Whatever ends with an escape sequence ends the joining of characters too; a restored cursor moves.
  const isJoining = inside._inputHandler._parser.precedingJoinState !== 0;
  if (restores || isJoining) pen.put(written);
  setCursor(pen, inside, buffers.active, restores || isJoining ? inside._charsetService.charset : undefined);
  if (!restores && !isJoining) pen.put(written);
  return pen.written;
}
