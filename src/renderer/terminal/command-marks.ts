import type { IBuffer, IMarker, Terminal } from '@xterm/xterm';
import { firstRow, textBetween } from './screen-lines.ts';

/** A command on the screen and where its output stands. */
export interface CommandMark {
  id: number;
  /** What was entered, as it stood on the screen; several lines joined by "\n". */
  command: string;
  /** Null while it runs, and where the shell does not say. */
  status: number | null;
  /** The shell or its prompt said that it is over. */
  done: boolean;
  /** `shell`: marked by the shell (OSC 133); `guess`: what stood behind a prompt when Enter was pressed. */
  by: 'shell' | 'guess';
}

interface Place extends CommandMark {
  /** Row of the command, and the first row below it. */
  start: IMarker;
  output: IMarker;
  /** The row after the output's last one; null while it goes on. */
  end: IMarker | null;
}

/** Commands that are kept. Each costs a little with every line that leaves the scrollback. */
const keptAtMost = 200;
/** Enters that wait for their lines, and line feeds that one waits through: what is typed ahead of a flood is not looked for for ever. */
const entersAtMost = 100;
const feedsAtMost = 2000;
const commandAtMost = 4000;
const rowsAtMost = 64;

/** What a prompt ends in. "Password:" and "[Y/n]" are none: what is typed there is no command. Nor is "> " alone, which goes on with one. */
const promptLike = /^(?!\s*-?>\s*$).*[$#%>❯➜»λ]\s*$/;
/** What the terminal itself answers, and reports of mouse and focus: nobody typed them. */
const report = /^\x1b(?:\[[?>]?[\d;]*\$?[cnRtuy]|\[[IO]$|\[<|\[M|P|\])/;
/** Bracketed paste: line ends in it are text, not Enter. */
const bracketed = /\x1b\[200~[\s\S]*?\x1b\[201~/g;

type Screen = Pick<Terminal, 'buffer' | 'registerMarker' | 'parser' | 'onData' | 'onLineFeed'>;

/**
 * Follows the commands of a screen: by the shell's own marks (OSC 133: A prompt, B command, C output, D done) where it sends them, else by the line that the
 * cursor leaves after Enter, behind what stood before the first key. Places are xterm's markers, so that they keep to their text through resizing and
 * scrolling and go with it. Listens to line feeds only while an Enter waits for its line.
 */
export class CommandMarks {
  private readonly terminal: Screen;
  private readonly changed: () => void;
  private readonly listeners: { dispose(): void }[] = [];
  private places: Place[] = [];
  private nextId = 1;

  private shellMarks = false;
  private entering: { marker: IMarker; x: number } | null = null;
  private running: Place | null = null;

  private prompts: string[] = [];
  private isTyping = false;
  private enters = 0;
  private feeds = 0;
  private feedListener: { dispose(): void } | null = null;

  /** `changed` is called after each change of the commands, not of their rows. */
  constructor(terminal: Screen, changed: () => void) {
    this.terminal = terminal;
    this.changed = changed;
    this.listeners.push(
      terminal.parser.registerOscHandler(133, (data) => {
        this.mark(data);
        return true;
      }),
      terminal.onData((data) => this.typed(data)),
    );
  }

  dispose(): void {
    this.stopWaiting();
    for (const listener of this.listeners.splice(0)) listener.dispose();
    for (const place of this.places.splice(0)) this.release(place);
  }

  /** All that are kept, oldest first. */
  all(): readonly CommandMark[] {
    return this.places;
  }

  /** Row of a command in the buffer; null when it is gone. */
  row(id: number): number | null {
    const place = this.find(id);
    return place === null || place.start.isDisposed ? null : place.start.line;
  }

  /** The rows of a command's output, both included; null where there is none. */
  outputRows(id: number): { from: number; to: number } | null {
    const place = this.find(id);
    if (place === null || place.output.isDisposed) return null;
    const buffer = this.terminal.buffer.normal;
    const from = place.output.line;
    let to = place.end === null || place.end.isDisposed ? this.liveEnd(place, buffer) : place.end.line - 1;
    while (to >= from && (buffer.getLine(to)?.translateToString(true).trim() ?? '') === '') to -= 1;
    return to < from ? null : { from, to };
  }

  /** A command's output as text: wrapped lines joined, no blanks at their ends. */
  output(id: number): string {
    const rows = this.outputRows(id);
    return rows === null ? '' : textBetween(this.terminal.buffer.normal, rows.from, rows.to);
  }

  /** Takes a guessed command for over when a prompt that is known stands at the cursor again. For each frame: cheap where none runs. */
  settle(): void {
    const last = this.places.at(-1);
    if (last?.by !== 'guess' || last.done || this.isAlternate()) return;
    if (this.prompts.includes(textToCursor(this.terminal.buffer.active))) this.endAtPrompt();
  }

  private find(id: number): Place | null {
    return this.places.find((place) => place.id === id) ?? null;
  }

  /** The output so far: to the next command, or to the cursor, without a prompt that stands there. */
  private liveEnd(place: Place, buffer: IBuffer): number {
    const next = this.places[this.places.indexOf(place) + 1];
    if (next !== undefined && !next.start.isDisposed) return next.start.line - 1;
    const row = buffer.baseY + buffer.cursorY;
    const line = textToCursor(buffer);
    return this.prompts.includes(line) || promptLike.test(line) ? firstRow(buffer, row) - 1 : row;
  }

  private isAlternate(): boolean {
    return this.terminal.buffer.active.type === 'alternate';
  }

  /** OSC 133 of FinalTerm, as shells' integrations send it. */
  private mark(data: string): void {
    if (this.isAlternate()) return;
    const [kind = '', value = ''] = data.split(';');
    if (kind === 'A') {
      this.finish(null);
    } else if (kind === 'B') {
      this.shellMarks = true;
      this.stopWaiting();
      this.entering?.marker.dispose();
      this.entering = { marker: this.terminal.registerMarker(0), x: this.terminal.buffer.active.cursorX };
    } else if (kind === 'C') {
      this.begin();
    } else if (kind === 'D') {
      this.finish(/^-?\d{1,9}$/.test(value) ? Number(value) : null);
    }
  }

  private begin(): void {
    const { entering } = this;
    this.entering = null;
    if (entering === null || entering.marker.isDisposed) return;
    const buffer = this.terminal.buffer.active;
    const command = entered(buffer, entering.marker.line, entering.x);
    if (command === '') {
      entering.marker.dispose();
      return;
    }
    this.finish(null);
    this.running = this.add({ command, by: 'shell', start: entering.marker, output: this.terminal.registerMarker(0) });
  }

  private finish(status: number | null): void {
    // A shell that marks no commands may still say how one ended.
    const last = this.places.at(-1);
    const running = this.running ?? (status !== null && last?.done === false ? last : null);
    this.running = null;
    if (running === null) return;
    const { cursorX } = this.terminal.buffer.active;
    running.done = true;
    running.status = status;
    // Output without a line end leaves the cursor behind it.
    running.end = this.terminal.registerMarker(cursorX > 0 ? 1 : 0);
    this.changed();
  }

  private typed(data: string): void {
    if (this.isAlternate() || report.test(data)) return;
    // Within a command that the shell marked, a program with a prompt of its own is followed by guess.
    if (this.shellMarks && this.running === null) return;
    const keys = data.replace(bracketed, '');
    if (!this.isTyping) {
      const prompt = textToCursor(this.terminal.buffer.active);
      // From here on the line is what is typed, also where it is cancelled and never runs.
      if (promptLike.test(prompt)) this.endAtPrompt();
      // What is typed ahead, while a program still writes, meets no prompt: one from before comes again.
      if (promptLike.test(prompt) && !this.prompts.includes(prompt))
        this.prompts = [prompt, ...this.prompts].slice(0, 4);
    }
    const enters = keys.split('\r').length - 1;
    this.isTyping = enters === 0 && !/[\x03\x04]/.test(keys);
    if (enters === 0) return;
    this.enters = Math.min(this.enters + enters, entersAtMost);
    this.feeds = 0;
    this.feedListener ??= this.terminal.onLineFeed(() => this.lineLeft());
  }

  /** The guessed command that runs is over: below its output stands the prompt that the cursor is in. */
  private endAtPrompt(): void {
    const last = this.places.at(-1);
    const buffer = this.terminal.buffer.active;
    const row = buffer.baseY + buffer.cursorY;
    const prompt = firstRow(buffer, row);
    if (last?.by !== 'guess' || last.done || last.output.isDisposed || prompt < last.output.line) return;
    last.done = true;
    last.end = this.terminal.registerMarker(prompt - row);
    this.changed();
  }

  private stopWaiting(): void {
    this.enters = 0;
    this.feedListener?.dispose();
    this.feedListener = null;
  }

  /** The cursor has left a line, which now ends in the row above it. */
  private lineLeft(): void {
    this.feeds += 1;
    const buffer = this.terminal.buffer.active;
    const below = buffer.baseY + buffer.cursorY;
    const start = firstRow(buffer, below - 1);
    const line = this.isAlternate() || start < 0 ? '' : textBetween(buffer, start, below - 1);
    // The longer prompt is the whole one.
    const prompt = this.prompts.filter((one) => line.startsWith(one.trimEnd())).sort((a, b) => b.length - a.length)[0];
    if (prompt !== undefined) {
      this.enters -= 1;
      this.guess(line.slice(prompt.trimEnd().length).trim(), start - below);
    }
    if (this.enters <= 0 || this.feeds >= feedsAtMost) this.stopWaiting();
  }

  /** `rowsAbove`: where the command's line begins, from the cursor's row up; below 0. */
  private guess(command: string, rowsAbove: number): void {
    const last = this.places.at(-1);
    if (last?.by === 'guess' && !last.done) {
      last.done = true;
      last.end = this.terminal.registerMarker(rowsAbove);
      this.changed();
    }
    if (command === '') return;
    const start = this.terminal.registerMarker(rowsAbove);
    this.add({ command: command.slice(0, commandAtMost), by: 'guess', start, output: this.terminal.registerMarker(0) });
  }

  private add(made: Pick<Place, 'command' | 'by' | 'start' | 'output'>): Place {
    const place: Place = { ...made, id: this.nextId, status: null, done: false, end: null };
    this.nextId += 1;
    this.places.push(place);
    place.start.onDispose(() => this.forget(place));
    if (this.places.length > keptAtMost) this.places[0]?.start.dispose();
    this.changed();
    return place;
  }

  /** Its line has left the scrollback or was cleared. */
  private forget(place: Place): void {
    if (!this.places.includes(place)) return;
    this.places = this.places.filter((one) => one !== place);
    if (this.running === place) this.running = null;
    this.release(place);
    this.changed();
  }

  private release(place: Place): void {
    place.start.dispose();
    place.output.dispose();
    place.end?.dispose();
  }
}

/** The line that the cursor is in, up to it. */
function textToCursor(buffer: IBuffer): string {
  const row = buffer.baseY + buffer.cursorY;
  let text = '';
  for (let y = firstRow(buffer, row); y <= row; y += 1)
    text += buffer.getLine(y)?.translateToString(false, 0, y === row ? buffer.cursorX : undefined) ?? '';
  return text;
}

/** What was entered from there to the cursor; the prompts of further lines ("> ") are left out. */
function entered(buffer: IBuffer, y: number, x: number): string {
  const end = buffer.baseY + buffer.cursorY - (buffer.cursorX === 0 ? 1 : 0);
  const lines: string[] = [];
  for (let row = y; row <= end && row - y < rowsAtMost; row += 1) {
    const line = buffer.getLine(row);
    if (line === undefined) break;
    const text = line.translateToString(buffer.getLine(row + 1)?.isWrapped !== true, row === y ? x : 0);
    if (row > y && line.isWrapped) lines.push(`${lines.pop() ?? ''}${text}`);
    else lines.push(row > y ? text.replace(/^> /, '') : text);
  }
  return lines
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()
    .slice(0, commandAtMost);
}
