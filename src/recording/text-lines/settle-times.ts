import type { TextEntry } from '../../shared/record/text-lines.ts';
import { isPromptOf } from './prompt-line.ts';

type LineEntry = Extract<TextEntry, { line: string }>;
type CommandEntry = Extract<TextEntry, { command: string }>;
type Held = LineEntry | CommandEntry;

/** What stands in a row of a transcript: a status is of its command, and no row. */
export type RowEntry = Exclude<TextEntry, { status: number }>;

export interface Settled {
  entry: RowEntry;
  /** From when on it may have been there. Never later than the entry says. */
  t: number;
  /** A moment at which it stood on the screen, as far as the text can tell: `t` or later. */
  seen: number;
}

/**
 * What the entries so far leave open. Immutable: from the same one the same entries give the same again. `held` begins with a command whose line did not come yet; or it is lines of one
 * moment, which may be the last.
 */
export interface Unsettled {
  held: readonly Held[];
  lastT: number;
  hasCommand: boolean;
  /** What stood before the command whose line was found last. */
  prompt: string | null;
  /** Lines of a command behind its first, which come next. */
  expected: readonly string[];
  /** Commands that were given without their lines, which may come yet. */
  early: readonly string[];
}

export const nothingUnsettled: Unsettled = {
  held: [],
  lastT: 0,
  hasCommand: false,
  prompt: null,
  expected: [],
  early: [],
};

/** A screen has no more rows: the line of a command is among so many that come after it, or does not come. */
const rowsAtMost = 500;
/** What is held, at most. More comes only of the alternate screen, or of lines of many screens' width. */
export const heldEntriesAtMost = 5000;
const heldCommandsAtMost = 200;
export const heldCharactersAtMost = 1_048_576;
const earlyAtMost = 100;

/**
 * Puts the entries of text sidecars into the order of the screen. A sidecar tells a command when it is entered, but a line when it left the screen, which may be many commands later. So
 * a command waits for the line that it was entered in, and takes its place; lines that stood above it were there before, though they were told after. Lines keep their order, so do
 * commands, and no time goes back where the sidecars' do not. A command whose line does not come, and lines of the alternate screen, stay at their own time. Statuses are left out.
 */
export function settleTimes(
  before: Unsettled,
  entries: readonly TextEntry[],
): { settled: Settled[]; after: Unsettled } {
  const settling = new Settling(before);
  for (const entry of entries) settling.take(entry);
  return settling.result();
}

/** Gives what is still held. `isEnd`: nothing comes any more, so lines of the last moment stood there until then. */
export function settleRest(before: Unsettled, { isEnd }: { isEnd: boolean }): { settled: Settled[]; after: Unsettled } {
  const settling = new Settling(before);
  if (isEnd) settling.end();
  else settling.releaseAll();
  return settling.result();
}

class Settling {
  private readonly settled: Settled[] = [];
  private readonly state: { -readonly [key in keyof Unsettled]: Unsettled[key] };
  private held: Held[];
  private lines = 0;
  private commands = 0;
  private characters = 0;

  constructor(before: Unsettled) {
    this.state = { ...before };
    this.held = [...before.held];
    this.count();
  }

  result(): { settled: Settled[]; after: Unsettled } {
    return { settled: this.settled, after: { ...this.state, held: this.held } };
  }

  take(entry: TextEntry): void {
    if ('status' in entry) return;
    if ('gap' in entry) {
      // Lines of commands that wait may be what is missing.
      this.releaseAll();
      this.give(entry, entry.t);
    } else if ('command' in entry) {
      if (!this.isWaiting) this.releaseAll();
      this.hold(entry);
    } else if (entry.alternate === true) {
      if (!this.isWaiting) this.releaseAll();
      if (this.isWaiting) this.hold(entry);
      else this.give(entry, entry.t);
    } else this.takeLine(entry);
  }

  /** Everything at its own time. */
  releaseAll(): void {
    for (const entry of this.held) this.give(entry, entry.t);
    this.keep([]);
  }

  end(): void {
    const { isWaiting } = this;
    // They stood on the screen: when the last command wrote them is not known, but not before the line above.
    for (const entry of this.held)
      this.give(entry, isWaiting || !this.state.hasCommand ? entry.t : this.state.lastT, entry.t);
    this.keep([]);
  }

  private get isWaiting(): boolean {
    const [first] = this.held;
    return first !== undefined && 'command' in first;
  }

  private takeLine(entry: LineEntry): void {
    if (this.isExpected(entry.line) || this.wasEarly(entry.line)) return;
    if (this.isWaiting) {
      const at = this.commandOf(entry.line);
      if (at >= 0) this.found(at, entry);
      else this.hold(entry);
      return;
    }
    if (this.held[0]?.t !== entry.t) this.releaseAll();
    this.hold(entry);
  }

  /** Where in what is held the command is that was entered in this line; -1 for none. */
  private commandOf(line: string): number {
    let isFirst = true;
    for (const [at, entry] of this.held.entries()) {
      if (!('command' in entry)) continue;
      if (isPromptOf(line, firstLine(entry.command), { known: this.state.prompt, isNext: isFirst })) return at;
      isFirst = false;
    }
    return -1;
  }

  /** The line of the command held at `at` has come. */
  private found(at: number, line: LineEntry): void {
    const { held } = this;
    const command = held[at];
    if (command === undefined || !('command' in command)) return;
    // The lines of the commands before it, which had to come first, did not.
    for (const entry of held.slice(0, at)) this.give(entry, entry.t);
    const after = held.slice(at + 1);
    for (const entry of after) if (isOfScreen(entry)) this.give(entry, this.state.lastT, Math.min(entry.t, command.t));
    this.give(command, command.t);
    const [first = '', ...others] = command.command.split('\n');
    this.state.prompt = line.line.slice(0, line.line.length - first.length);
    this.state.expected = others.filter((text) => text !== '');
    const rest = after.filter((entry) => !isOfScreen(entry));
    const next = rest.findIndex((entry) => 'command' in entry);
    for (const entry of next < 0 ? rest : rest.slice(0, next)) this.give(entry, entry.t);
    this.keep(next < 0 ? [] : rest.slice(next));
  }

  private isExpected(line: string): boolean {
    const [next, ...others] = this.state.expected;
    if (next === undefined) return false;
    this.state.expected = next === line ? others : [];
    return next === line;
  }

  private wasEarly(line: string): boolean {
    const { early, prompt } = this.state;
    const at = early.findIndex((command) => isPromptOf(line, command, { known: prompt, isNext: false }));
    if (at >= 0) this.state.early = early.toSpliced(at, 1);
    return at >= 0;
  }

  private hold(entry: Held): void {
    this.held.push(entry);
    this.add(entry);
    const isFull = () =>
      this.held.length > heldEntriesAtMost ||
      this.commands > heldCommandsAtMost ||
      this.characters > heldCharactersAtMost;
    while (this.lines > rowsAtMost || isFull()) {
      const isEarly = this.lines <= rowsAtMost;
      const [first] = this.held;
      if (isEarly && first !== undefined && 'command' in first)
        this.state.early = [...this.state.early, firstLine(first.command)].slice(-earlyAtMost);
      this.releaseFirst();
    }
  }

  /** The first command does not wait any longer, nor what came before the next one. Without one, the first line. */
  private releaseFirst(): void {
    const next = this.isWaiting ? this.held.findIndex((entry, at) => at > 0 && 'command' in entry) : 1;
    const released = next < 0 ? this.held : this.held.slice(0, next);
    for (const entry of released) this.give(entry, entry.t);
    this.keep(next < 0 ? [] : this.held.slice(next));
  }

  private give(entry: RowEntry, t: number, seen = t): void {
    const { state } = this;
    state.lastT = Math.max(state.lastT, t);
    if ('command' in entry) state.hasCommand = true;
    this.settled.push({ entry, t: state.lastT, seen: Math.max(state.lastT, seen) });
  }

  private keep(held: Held[]): void {
    this.held = held;
    this.count();
  }

  private count(): void {
    this.lines = 0;
    this.commands = 0;
    this.characters = 0;
    for (const entry of this.held) this.add(entry);
  }

  private add(entry: Held): void {
    if ('command' in entry) this.commands += 1;
    else if (isOfScreen(entry)) this.lines += 1;
    this.characters += 'line' in entry ? entry.line.length : entry.command.length;
  }
}

/** A line of the normal screen. */
function isOfScreen(entry: Held): boolean {
  return 'line' in entry && entry.alternate !== true;
}

function firstLine(command: string): string {
  const end = command.indexOf('\n');
  return end < 0 ? command : command.slice(0, end);
}
