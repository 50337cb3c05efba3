import { counted } from '../../services/format.ts';
import type { Item } from './list-items.ts';
import type { Rows } from './use-rows.ts';
import type { TextSearch } from './use-text-search.ts';

/** "1,204 recordings", "12 of 400 recordings", "31 lines in 4 recordings". Pure. */
export function countWords(options: {
  inText: boolean;
  copied: boolean;
  answer: TextSearch['answer'];
  searching: boolean;
  rows: Pick<Rows, 'all' | 'shown' | 'state'>;
  narrowing: boolean;
  mine: boolean;
}): string {
  const { inText, answer, rows, mine } = options;
  const noun = mine ? 'session' : 'recording';
  if (inText) {
    if (options.copied) return 'Copied';
    if (answer === null) return options.searching ? 'Searching' : '';
    const hits = [...(answer.command?.hits ?? []), ...(answer.output?.hits ?? [])];
    const more = answer.command?.more === true || answer.output?.more === true;
    const sessions = new Set(hits.map((hit) => hit.sessionId)).size;
    return `${more ? 'Newest ' : ''}${counted(hits.length, 'line')} in ${counted(sessions, noun)}`;
  }
  if (rows.state.recordings === null && rows.all.length === 0) return '';
  // What is not fetched yet is not counted, and that is said.
  const more = rows.state.next === null ? '' : '+';
  const total = rows.all.length.toLocaleString('en');
  if (!options.narrowing) return more === '' ? counted(rows.all.length, noun) : `${total}+ ${noun}s`;
  return `${rows.shown.length.toLocaleString('en')} of ${total}${more} ${noun}s`;
}

/** The keys of the foot. Pure. */
export function footKeys(options: {
  chosen: Item['kind'] | null;
  inText: boolean;
  mine: boolean;
  searchable: boolean;
  /** There are searches from before to go back to. */
  earlier: boolean;
}): (readonly [string, string])[] {
  const { chosen, inText, mine, searchable } = options;
  const enter =
    chosen === 'ask'
      ? 'search in text'
      : chosen === 'more'
        ? 'show more'
        : chosen === 'hit'
          ? 'replay from there'
          : 'replay';
  const keys: (readonly [string, string])[] = [['↑ ↓', 'choose']];
  if (chosen !== null) keys.push(['↵', enter]);
  if (chosen === 'hit') keys.push(['Ctrl C', 'copy']);
  if (!mine && searchable && !inText && chosen !== 'ask') keys.push(['Ctrl ↵', 'search in text']);
  keys.push(['#', 'filter']);
  if (options.earlier) keys.push(['↑', 'earlier searches']);
  if (inText && !mine) keys.push(['Esc', 'back to the list']);
  return keys;
}
