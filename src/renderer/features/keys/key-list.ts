import type { Command, CommandGroup } from '../../commands/command.ts';
import { matchWords, wordsOf } from '../palette/match.ts';

/** One thing that keys do. */
export interface KeyRow {
  id: string;
  title: string;
  keys: readonly string[];
  /** Its keys work in a running session's terminal too. */
  inTerminal: boolean;
}

export interface KeyGroup {
  name: string;
  rows: KeyRow[];
}

const names: Record<CommandGroup, string> = {
  general: 'Everywhere',
  targets: 'Targets',
  sessions: 'Sessions',
  terminal: 'Terminal',
  history: 'My history',
  recordings: 'Recordings',
  replay: 'Replay',
};
const order: readonly CommandGroup[] = [
  'general',
  'targets',
  'sessions',
  'terminal',
  'history',
  'recordings',
  'replay',
];

/** Keys that belong to a field or a list with the focus: no command, but people look for them here. */
const ofFields: Partial<Record<CommandGroup, readonly [keys: string[], title: string][]>> = {
  targets: [
    [['ArrowUp', 'ArrowDown'], 'Choose a target'],
    [['Enter'], 'Connect with the default login'],
    [['ArrowRight'], 'Other logins'],
    [['#'], 'Filter by label'],
    [['Escape'], 'Clear the search'],
  ],
  sessions: [
    [['Enter'], 'Earlier hit, while finding'],
    [['Shift Enter'], 'Later hit, while finding'],
  ],
  recordings: [
    [['ArrowUp', 'ArrowDown'], 'Choose a recording'],
    [['Enter'], 'Replay it'],
  ],
};

function rowOf(command: Command): KeyRow {
  const { id, title, keys, inTerminal } = command;
  // Tab 1 to tab 9 are one row, or they would be half of the page.
  if (id === 'session.tab-1') return { id, title: 'First tab, and so on to 9', keys, inTerminal: true };
  return { id, title, keys, inTerminal: inTerminal === true || (Array.isArray(inTerminal) && inTerminal.length > 0) };
}

/** Every key by view, narrowed to what has all words of `query` in its title, its keys or its view. Commands without keys only where `all`. Pure. */
export function keyGroups(commands: readonly Command[], query: string, all: boolean): KeyGroup[] {
  const words = wordsOf(query);
  return order.flatMap((group) => {
    const own = commands
      .filter((command) => command.group === group && !/^session\.tab-[2-9]$/.test(command.id))
      .filter((command) => all || command.keys.length > 0)
      .map(rowOf);
    const said = new Set(own.flatMap((row) => row.keys));
    const fields = (ofFields[group] ?? [])
      .filter(([keys]) => !keys.some((each) => said.has(each)))
      .map(([keys, title]): KeyRow => ({ id: `${group} ${title}`, title, keys, inTerminal: false }));
    const rows = [...fields, ...own].filter(
      (row) => matchWords(`${row.title} ${row.keys.join(' ')} ${names[group]}`, words) !== null,
    );
    return rows.length === 0 ? [] : [{ name: names[group], rows }];
  });
}
