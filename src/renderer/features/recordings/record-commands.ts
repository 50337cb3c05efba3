import type { Command } from '../../commands/command.ts';

export interface RecordDoings {
  /** What is chosen: a recording, a found line, or nothing. */
  chosen(): 'row' | 'hit' | 'none';
  open(): void;
  copy(): void;
  filter(): void;
  searchText(): void;
  focusSearch(): void;
  clear(): void;
  reload(): void;
  /** There is a text that can be searched for and is not yet. */
  canSearch(): boolean;
  /** There is something to clear. */
  canClear(): boolean;
}

/** What a list of recordings can be asked to do while it is shown. `mine`: it is one's own history. */
export function recordCommands(doings: RecordDoings, mine: boolean): readonly Command[] {
  const group = mine ? 'history' : 'recordings';
  const base = { group, inTerminal: false } as const;
  const what = mine ? 'my history' : 'recordings';
  return [
    {
      ...base,
      id: `${group}.search`,
      title: `Search ${what}`,
      keys: ['Ctrl F'],
      available: () => true,
      run: doings.focusSearch,
    },
    {
      ...base,
      id: `${group}.search-text`,
      title: 'Search what was typed and shown',
      short: 'search in text',
      keys: ['Ctrl Enter'],
      available: doings.canSearch,
      run: doings.searchText,
    },
    {
      ...base,
      id: `${group}.filter`,
      title: `Filter ${what}`,
      short: 'filter',
      keys: ['#', 'Alt F'],
      available: () => true,
      run: doings.filter,
    },
    {
      ...base,
      id: `${group}.open`,
      title: 'Replay what is chosen',
      keys: ['Enter'],
      available: () => doings.chosen() !== 'none',
      run: doings.open,
    },
    {
      ...base,
      id: `${group}.copy`,
      title: 'Copy the chosen command or line',
      short: 'copy',
      keys: ['Ctrl Shift C'],
      available: () => doings.chosen() === 'hit',
      run: doings.copy,
    },
    {
      ...base,
      id: `${group}.clear`,
      title: 'Clear the search and the filters',
      keys: ['Escape'],
      available: doings.canClear,
      run: doings.clear,
    },
    {
      ...base,
      id: `${group}.reload`,
      title: `Load ${what} again`,
      keys: ['F5'],
      available: () => true,
      run: doings.reload,
    },
  ];
}
