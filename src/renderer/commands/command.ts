import { makeStore, type Readable } from '../services/store.ts';

/** Where a command stands in the palette and on the page of keys; the order of the groups is fixed. */
export type CommandGroup = 'general' | 'targets' | 'sessions' | 'terminal' | 'history' | 'recordings' | 'replay';

/** An action of the window. Keys, palette, menus, the page of keys and the foot all read this: there is no other way to do something. */
export interface Command {
  /** Stable, dotted: "session.split-right". */
  id: string;
  /** What it does, in words of the screen: "Split right". */
  title: string;
  /** A word or two for the foot, where the title is too long: "split". Absent: not in the foot. */
  short?: string;
  group: CommandGroup;
  /**
   * Key names with blanks between, modifiers first: "Ctrl Shift D", "Alt ArrowLeft", "F1", "[". On macOS Ctrl is Command (but for Tab). A sign ("+", "?") is meant
   * with or without Shift. Keys without Ctrl and Alt mean the command only where nothing with the focus takes them. Several ways to the same are several
   * entries; the first one is shown.
   */
  keys: readonly string[];
  /** The keys hold while a running session's terminal has the focus; all others go to the target then. A list: only these of them do. */
  inTerminal: boolean | readonly string[];
  /** False: not offered now, and its keys mean nothing. */
  available(): boolean;
  run(): void;
}

export interface Commands {
  /** Everything that is registered, in order of registration. */
  readonly all: Readable<readonly Command[]>;
  /** Everything that was ever registered in this window, by id as it was last: for the page of keys, which also speaks of views that are not open. */
  readonly known: Readable<readonly Command[]>;
  /**
   * Adds commands; returns what takes them away again. An id that is there already is replaced while this registration lasts; those of the window
   * (`base`) are replaced by any other, whichever came first.
   */
  register(commands: readonly Command[], rank?: 'base'): () => void;
  /** Runs the command when it is there and available; says whether it did. */
  run(id: string): boolean;
}

export function makeCommands(): Commands {
  const registered: (readonly Command[])[] = [];
  const all = makeStore<readonly Command[]>([]);
  const known = makeStore<readonly Command[]>([]);
  const publish = () => {
    const byId = new Map<string, Command>();
    for (const command of registered.flat()) byId.set(command.id, command);
    all.set([...byId.values()]);
    known.set([...new Map([...known.get(), ...byId.values()].map((command) => [command.id, command])).values()]);
  };
  return {
    all,
    known,
    register(commands, rank) {
      if (rank === 'base') registered.unshift(commands);
      else registered.push(commands);
      publish();
      return () => {
        const at = registered.indexOf(commands);
        if (at >= 0) registered.splice(at, 1);
        publish();
      };
    },
    run(id) {
      const command = all.get().find((candidate) => candidate.id === id);
      if (command?.available() !== true) return false;
      command.run();
      return true;
    },
  };
}
