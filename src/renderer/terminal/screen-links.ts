import type { IBuffer, IMarker, Terminal } from '@xterm/xterm';
import { type CellPlace, cellsOf, lineAt, type TextLine } from './screen-lines.ts';

/** A link on the screen. */
export interface ScreenLink {
  address: string;
  /** The text that carries it; null where the address itself is the text. */
  shown: string | null;
  /** Its first and its last cell. */
  start: CellPlace;
  end: CellPlace;
}

/** Links by OSC 8 that are kept; older ones become text. Each costs a little with every line that leaves the scrollback. */
const keptAtMost = 256;
/** New ones within a second; a stream of more than a person can read keeps no more. */
const perSecond = 1000;
const textAtMost = 1000;
const rowsAtMost = 5;

/** Addresses as they stand in text. What no address has in it ends one; so do the marks of a table or a quotation. */
const addressInText = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>"'`|\\^{}\u2500-\u257f\p{Cc}\p{Cf}]+/giu;
const perLine = 50;

/** The address without what a sentence puts behind it. */
function withoutSentence(found: string): string {
  let text = found;
  for (;;) {
    const last = text.at(-1) ?? '';
    if (/[.,;:!?*_~…]/.test(last)) text = text.slice(0, -1);
    else if (last === ')' && count(text, ')') > count(text, '(')) text = text.slice(0, -1);
    else if (last === ']' && count(text, ']') > count(text, '[')) text = text.slice(0, -1);
    else return text;
  }
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}

export function addressesIn(text: string): { from: number; to: number; address: string }[] {
  const found: { from: number; to: number; address: string }[] = [];
  for (const match of text.matchAll(addressInText)) {
    const address = withoutSentence(match[0]);
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(address) && !/^file:\/\/\//i.test(address)) continue;
    found.push({ from: match.index, to: match.index + address.length, address });
    if (found.length >= perLine) break;
  }
  return found;
}

interface Hyperlink {
  marker: IMarker;
  /** Column at which it began. */
  x: number;
  address: string;
  text: string;
}

type Screen = Pick<Terminal, 'buffer' | 'rows' | 'cols' | 'registerMarker' | 'parser'>;

/**
 * Knows the links on a screen. Those by OSC 8 are followed here, not by xterm: its own would keep a marker for each row of each link, which a target
 * can make as many as it has rows. A link whose text was drawn over since is none any more.
 */
export class ScreenLinks {
  private readonly terminal: Screen;
  private readonly handler: { dispose(): void };
  private kept: Hyperlink[] = [];
  private open: { marker: IMarker; x: number; address: string } | null = null;
  private second = 0;
  private inSecond = 0;

  constructor(terminal: Screen) {
    this.terminal = terminal;
    // OSC 8 ; parameters ; address ST: text follows, until the same with an empty address.
    this.handler = terminal.parser.registerOscHandler(8, (data) => {
      this.take(data);
      return true;
    });
  }

  dispose(): void {
    this.handler.dispose();
    for (const link of this.kept.splice(0)) link.marker.dispose();
  }

  /** The links in the line that row `y` of the buffer belongs to, in order. */
  inLine(y: number): ScreenLink[] {
    const buffer = this.terminal.buffer.active;
    const line = lineAt(buffer, y);
    return line === null ? [] : this.linksOf(buffer, line);
  }

  /** The links that stand on the screen now. */
  onScreen(): ScreenLink[] {
    const buffer = this.terminal.buffer.active;
    const links: ScreenLink[] = [];
    const end = Math.min(buffer.viewportY + this.terminal.rows, buffer.length);
    for (let y = buffer.viewportY; y < end; ) {
      const line = lineAt(buffer, y);
      if (line === null) break;
      links.push(...this.linksOf(buffer, line).filter((link) => link.end.y >= buffer.viewportY && link.start.y < end));
      y = Math.max(line.last, y) + 1;
    }
    return links;
  }

  private linksOf(buffer: IBuffer, line: TextLine): ScreenLink[] {
    const place = (from: number, to: number) => {
      const cells = cellsOf(buffer, line, from, to);
      const [first] = cells;
      const last = cells.at(-1);
      return first === undefined || last === undefined
        ? null
        : { start: { y: first.y, x: first.x }, end: { y: last.y, x: last.x + last.width - 1 } };
    };
    const taken: { from: number; to: number }[] = [];
    const links: (ScreenLink & { from: number })[] = [];
    const add = (from: number, to: number, address: string, shown: string | null) => {
      const at = place(from, to);
      if (at === null || taken.some((other) => from < other.to && to > other.from)) return;
      taken.push({ from, to });
      links.push({ ...at, address, shown, from });
    };
    for (const link of this.kept) {
      if (link.marker.line < line.first || link.marker.line > line.last) continue;
      const from = indexOf(buffer, line, link);
      if (from !== null) add(from, from + link.text.length, link.address, link.text);
    }
    for (const found of addressesIn(line.text)) add(found.from, found.to, found.address, null);
    return links.sort((one, other) => one.from - other.from).map(({ from: _, ...link }) => link);
  }

  private take(data: string): void {
    this.close();
    const separator = data.indexOf(';');
    const address = separator < 0 ? '' : data.slice(separator + 1);
    if (address === '' || !this.mayKeep()) return;
    const buffer = this.terminal.buffer.active;
    const y = buffer.baseY + buffer.cursorY;
    const last = this.kept.at(-1)?.marker;
    // Many links in a row share its marker.
    const marker = last !== undefined && !last.isDisposed && last.line === y ? last : this.terminal.registerMarker(0);
    this.open = { marker, x: buffer.cursorX, address };
  }

  private mayKeep(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.inSecond = 0;
    }
    this.inSecond += 1;
    return this.inSecond <= perSecond;
  }

  private close(): void {
    const { open } = this;
    this.open = null;
    if (open === null) return;
    const text = open.marker.isDisposed ? '' : this.textSince(open.marker.line, open.x);
    if (text.trim() === '') {
      this.letGo(open.marker);
      return;
    }
    this.kept.push({ ...open, text });
    // Lines that left the scrollback took their links along.
    if (this.kept.length > keptAtMost) {
      const gone = this.kept.shift();
      this.kept = this.kept.filter((link) => !link.marker.isDisposed);
      if (gone !== undefined) this.letGo(gone.marker);
    }
  }

  private letGo(marker: IMarker): void {
    if (!this.kept.some((link) => link.marker === marker)) marker.dispose();
  }

  /** What was printed from there to the cursor, within one line of text. */
  private textSince(y: number, x: number): string {
    const buffer = this.terminal.buffer.active;
    const endY = buffer.baseY + buffer.cursorY;
    let text = '';
    for (let row = y; row <= endY && row - y < rowsAtMost; row += 1) {
      const line = buffer.getLine(row);
      if (line === undefined || (row > y && !line.isWrapped)) break;
      text += line.translateToString(false, row === y ? x : 0, row === endY ? buffer.cursorX : undefined);
    }
    return text.trimEnd().slice(0, textAtMost);
  }
}

/** Where a link's text stands in its line: where it was printed, or, after a change of width, where it stands alone. */
function indexOf(buffer: IBuffer, line: TextLine, link: Hyperlink): number | null {
  let before = 0;
  for (let y = line.first; y < link.marker.line; y += 1)
    before += buffer.getLine(y)?.translateToString(false).length ?? 0;
  const from = before + (buffer.getLine(link.marker.line)?.translateToString(false, 0, link.x).length ?? 0);
  if (line.text.startsWith(link.text, from)) return from;
  const first = line.text.indexOf(link.text);
  return first >= 0 && line.text.indexOf(link.text, first + 1) < 0 ? first : null;
}
