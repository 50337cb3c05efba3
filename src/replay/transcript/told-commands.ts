import type { ReplayToScreen } from '../../shared/protocol/replay.ts';
import type { TextEntry } from '../../shared/record/text-lines.ts';

export type ToldCommand = Extract<ReplayToScreen, { type: 'survey' }>['commands'][number];

/** A recording can hold any number of commands; a list of them cannot. */
export const commandsAtMost = 5000;
/** A command is shown in one row. */
const charactersAtMost = 1000;

/** Gathers what was entered, with the status that was told before the next. */
export class ToldCommands {
  readonly list: ToldCommand[] = [];
  private open: ToldCommand | null = null;

  take(entry: TextEntry): void {
    if ('command' in entry) {
      this.open = { atMs: entry.t, command: entry.command.slice(0, charactersAtMost), status: null };
      if (this.list.length < commandsAtMost) this.list.push(this.open);
    } else if ('status' in entry && this.open !== null) {
      this.open.status = entry.status;
      this.open = null;
    }
  }
}
