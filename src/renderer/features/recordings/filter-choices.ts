import { namedDays, parseDays, whenWords } from './days.ts';
import { type Filters, lengthWords } from './filters.ts';

/** A filter that may be chosen: what it says, and what it sets. */
export interface FilterChoice {
  id: string;
  group: 'When' | 'Who' | 'Target' | 'State' | 'Length' | 'Review' | 'Text';
  words: string;
  set: Filters;
  /** How many of the recordings that are known here have it; null where that says nothing. */
  count: number | null;
}

/** Names with how often they occur, commonest first. */
export interface Names {
  users: readonly { name: string; count: number }[];
  targets: readonly { name: string; count: number }[];
}

const namesShown = 6;

/** "over 20 min", "under 90 s", "> 1 h" as a length; null when it is none. Pure. */
export function parseLength(text: string): NonNullable<Filters['length']> | null {
  const [, side, number, unit] =
    /^(over|longer than|more than|>|under|shorter than|less than|<)\s*(\d{1,4})\s*(s|sec|seconds?|m|min|minutes?|h|hours?)$/.exec(
      text.trim().toLowerCase(),
    ) ?? [];
  if (side === undefined || number === undefined || unit === undefined) return null;
  const factor = unit.startsWith('h') ? 3600 : unit.startsWith('m') ? 60 : 1;
  const count = Number(number) * factor;
  return /^(?:over|longer|more|>)/.test(side) ? { atLeast: count } : { atMost: count };
}

const lengths: NonNullable<Filters['length']>[] = [{ atMost: 60 }, { atLeast: 600 }, { atLeast: 3600 }];
const fixed: readonly Omit<FilterChoice, 'count'>[] = [
  { id: 'killed', group: 'State', words: 'Killed', set: { state: 'killed' } },
  { id: 'incomplete', group: 'State', words: 'Incomplete', set: { state: 'incomplete' } },
  { id: 'running', group: 'State', words: 'Running', set: { state: 'running' } },
  { id: 'complete', group: 'State', words: 'Complete', set: { state: 'complete' } },
  ...lengths.map((length) => ({
    id: `length ${lengthWords(length)}`,
    group: 'Length' as const,
    words: lengthWords(length),
    set: { length },
  })),
  { id: 'not-reviewed', group: 'Review', words: 'Not reviewed', set: { reviewed: 'no' } },
  { id: 'reviewed', group: 'Review', words: 'Reviewed', set: { reviewed: 'yes' } },
  { id: 'findings', group: 'Review', words: 'With findings', set: { findings: 'yes' } },
  { id: 'held', group: 'Review', words: 'Legal hold', set: { held: 'yes' } },
  { id: 'commands', group: 'Text', words: 'Commands only', set: { kind: 'command' } },
  { id: 'output', group: 'Text', words: 'Output only', set: { kind: 'output' } },
];

/**
 * What can be filtered by, as far as it holds every word of `text`; a day, a length or a part of a name may be typed. `mine`: without people, and without what only
 * reviewers look for. Pure.
 */
export function filterChoices(text: string, names: Names, mine: boolean, nowMs: number): FilterChoice[] {
  const typed = text.trim();
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (choice: Pick<FilterChoice, 'group' | 'words'>) => {
    const all = `${choice.group} ${choice.words}`.toLowerCase();
    return words.every((word) => all.includes(word));
  };
  const days = typed === '' ? null : parseDays(typed, nowMs);
  const length = parseLength(typed);
  const own: FilterChoice[] = [
    ...(days === null
      ? []
      : [{ id: 'days', group: 'When' as const, words: whenWords(days, nowMs), set: { when: days }, count: null }]),
    ...(length === null
      ? []
      : [{ id: 'typed', group: 'Length' as const, words: lengthWords(length), set: { length }, count: null }]),
  ];
  const whens = namedDays.map((id) => ({
    id,
    group: 'When' as const,
    words: whenWords({ id }, nowMs),
    set: { when: { id } },
    count: null,
  }));
  const users = mine
    ? []
    : names.users.map(({ name, count }) => ({
        id: `user ${name}`,
        group: 'Who' as const,
        words: name,
        set: { user: name },
        count,
      }));
  const targets = names.targets.map(({ name, count }) => ({
    id: `target ${name}`,
    group: 'Target' as const,
    words: name,
    set: { target: name },
    count,
  }));
  const parts: FilterChoice[] =
    typed === '' || days !== null || length !== null
      ? []
      : [
          ...(mine
            ? []
            : [{ id: 'user-part', group: 'Who' as const, words: `has “${typed}”`, set: { user: typed }, count: null }]),
          {
            id: 'target-part',
            group: 'Target' as const,
            words: `has “${typed}”`,
            set: { target: typed },
            count: null,
          },
        ];
  const mineOnly = (choice: Pick<FilterChoice, 'group'>) => !mine || choice.group !== 'Review';
  return [
    ...own,
    ...whens.filter(holds),
    ...users.filter(holds).slice(0, namesShown),
    ...targets.filter(holds).slice(0, namesShown),
    ...fixed
      .filter(holds)
      .filter(mineOnly)
      .map((choice) => ({ ...choice, count: null })),
    ...parts,
  ];
}

/** The commonest choices, that stand beside the search field. */
export function quickChoices(filters: Filters, mine: boolean, nowMs: number): FilterChoice[] {
  const wanted = mine
    ? ['today', 'this-week', 'last-week', 'commands']
    : ['today', 'last-week', 'killed', 'not-reviewed', 'findings'];
  const all = filterChoices('', { users: [], targets: [] }, mine, nowMs);
  return wanted
    .flatMap((id) => all.filter((choice) => choice.id === id))
    .filter((choice) => Object.keys(choice.set).every((key) => !(key in filters)));
}
