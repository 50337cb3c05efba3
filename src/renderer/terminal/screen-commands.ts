import type { Terminal } from '@xterm/xterm';
import { makeStore, type Readable, type Store } from '../services/store.ts';
import { CommandMarks } from './command-marks.ts';

/** A command whose line is on the screen now. */
export interface Tick {
  id: number;
  command: string;
  /** Distance of its row from the top of the screen, and the row's height, in px. */
  top: number;
  height: number;
  status: number | null;
  done: boolean;
  /** The one that was gone to last. */
  current: boolean;
}

const noTicks: readonly Tick[] = [];

function sameTicks(one: readonly Tick[], other: readonly Tick[]): boolean {
  return (
    one.length === other.length &&
    one.every((tick, at) => {
      const beside = other[at];
      return (
        beside !== undefined &&
        tick.id === beside.id &&
        tick.top === beside.top &&
        tick.height === beside.height &&
        tick.status === beside.status &&
        tick.done === beside.done &&
        tick.current === beside.current
      );
    })
  );
}

/** The commands of a screen, to go to and to take from. */
export class ScreenCommands {
  /** Those on the screen now, top first. Changes at most once a frame. */
  readonly ticks: Readable<readonly Tick[]>;
  /** The last command that ended, with its status: what a screen reader is told. */
  readonly ended: Readable<{ id: number; command: string; status: number | null } | null>;
  /** The command whose menu is open. */
  readonly menu: Store<number | null> = makeStore<number | null>(null);
  private readonly ticksStore = makeStore<readonly Tick[]>(noTicks);
  private readonly endedStore = makeStore<{ id: number; command: string; status: number | null } | null>(null);
  private readonly terminal: Terminal;
  private readonly marks: CommandMarks;
  private readonly listeners: { dispose(): void }[] = [];
  private current: number | null = null;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
    this.ticks = this.ticksStore;
    this.ended = this.endedStore;
    this.marks = new CommandMarks(terminal, () => this.changed());
    this.listeners.push(
      terminal.onRender(() => {
        this.marks.settle();
        this.place();
      }),
      // Typing leaves what was gone to.
      terminal.onKey(() => this.setCurrent(null)),
    );
  }

  /** Whether there is any. */
  any(): boolean {
    return this.marks.all().length > 0;
  }

  /** Scrolls to the command before the one that was gone to, or to the last one. Null when there is none before. */
  previous(): number | null {
    const ids = this.marks.all().map((mark) => mark.id);
    const at = this.current === null ? -1 : ids.indexOf(this.current);
    const id = at < 0 ? ids.at(-1) : ids[Math.max(0, at - 1)];
    if (id === undefined) return null;
    this.goTo(id);
    return id;
  }

  /** Scrolls to the command after the one that was gone to; after the last one, to the end. */
  next(): number | null {
    const ids = this.marks.all().map((mark) => mark.id);
    const at = this.current === null ? ids.length : ids.indexOf(this.current);
    const id = ids[at + 1];
    if (id === undefined) {
      this.setCurrent(null);
      this.terminal.scrollToBottom();
      return null;
    }
    this.goTo(id);
    return id;
  }

  /** Goes to a command and makes it the one that keys mean. */
  goTo(id: number): void {
    this.setCurrent(id);
    this.show(id);
  }

  /** Scrolls to a command that is not on the screen. */
  show(id: number): void {
    const row = this.marks.row(id);
    if (row === null) return;
    const { viewportY } = this.terminal.buffer.active;
    if (row < viewportY || row >= viewportY + this.terminal.rows) this.terminal.scrollToLine(row);
    this.place();
  }

  /** Opens a command's menu, on the screen. */
  openMenu(id: number): void {
    this.goTo(id);
    if (this.ticksStore.get().some((tick) => tick.id === id)) this.menu.set(id);
  }

  /** The command that keys mean: the one that was gone to, else the last one. */
  meant(): number | null {
    return this.current ?? this.marks.all().at(-1)?.id ?? null;
  }

  command(id: number): string {
    return this.marks.all().find((mark) => mark.id === id)?.command ?? '';
  }

  output(id: number): string {
    return this.marks.output(id);
  }

  outputLines(id: number): number {
    const rows = this.marks.outputRows(id);
    return rows === null ? 0 : rows.to - rows.from + 1;
  }

  /** Says whether there was output to select. */
  selectOutput(id: number): boolean {
    const rows = this.marks.outputRows(id);
    if (rows === null || this.terminal.buffer.active.type === 'alternate') return false;
    this.terminal.selectLines(rows.from, rows.to);
    return true;
  }

  dispose(): void {
    for (const listener of this.listeners.splice(0)) listener.dispose();
    this.marks.dispose();
  }

  private setCurrent(id: number | null): void {
    if (this.current === id) return;
    this.current = id;
    this.place();
  }

  private changed(): void {
    const last = this.marks.all().at(-1);
    if (last?.done === true && last.id !== this.endedStore.get()?.id)
      this.endedStore.set({ id: last.id, command: last.command, status: last.status });
    this.place();
  }

  /** Where the commands stand now. */
  private place(): void {
    const marks = this.marks.all();
    if (marks.length === 0 || this.terminal.buffer.active.type === 'alternate') {
      this.ticksStore.set(noTicks);
      return;
    }
    // Set by xterm's renderers; read from the style, so that nothing is laid out for it.
    const screen = this.terminal.element?.querySelector<HTMLElement>('.xterm-screen');
    const height = Number.parseFloat(screen?.style.height ?? '') / this.terminal.rows;
    if (!Number.isFinite(height)) return;
    const { viewportY } = this.terminal.buffer.active;
    const ticks: Tick[] = [];
    for (const { id, command, status, done } of marks) {
      const row = (this.marks.row(id) ?? -1) - viewportY;
      if (row >= 0 && row < this.terminal.rows)
        ticks.push({ id, command, status, done, top: row * height, height, current: id === this.current });
    }
    if (!sameTicks(ticks, this.ticksStore.get())) this.ticksStore.set(ticks);
  }
}
