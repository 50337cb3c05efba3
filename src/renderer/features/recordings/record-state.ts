import type { Filters } from './filters.ts';
import { notSearchedWords } from './hit-groups.ts';
import type { BodyState } from './record-body.tsx';
import type { Rows } from './use-rows.ts';
import type { TextSearch } from './use-text-search.ts';

/** What a list knows when it says what it shows. */
export interface Shown {
  inText: boolean;
  /** What is searched or narrowed by. */
  words: string;
  filters: Filters;
  search: TextSearch;
  rows: Pick<Rows, 'state' | 'all' | 'offline'>;
  mine: boolean;
  /** Lines of the list. */
  count: number;
}

const goesOn = ({ inText, words, rows }: Shown) => !inText && words !== '' && rows.state.next !== null;

/** A sentence above the list: what it lacks and why; null where it lacks nothing. Pure. */
export function noteOf(shown: Shown): string | null {
  const { inText, search, rows, mine } = shown;
  if (inText) {
    // Both halves of a search leave out the same recordings.
    const half = search.answer?.command ?? search.answer?.output;
    return half == null ? null : notSearchedWords(half.notSearched, mine);
  }
  const { recordings, problem } = rows.state;
  if (rows.offline && recordings !== null) return 'No contact with the server: this is the list as it last was.';
  if (problem !== null && recordings !== null) return `Not up to date. ${problem.message} ${problem.code}`;
  if (goesOn(shown)) return `Looking further back: ${rows.all.length.toLocaleString('en')} so far.`;
  return null;
}

/** The list, or why there is none. Pure. */
export function bodyOf(shown: Shown): BodyState {
  const { inText, words, filters, search, rows, mine, count } = shown;
  if (inText) {
    if (search.problem !== null) return { is: 'problem', problem: search.problem };
    if (search.answer === null) return { is: 'loading', what: 'Searching' };
    if (count > 0) return { is: 'list' };
    return search.searching ? { is: 'loading', what: 'Searching' } : { is: 'not-found', text: search.answer.text };
  }
  if (count > 0) return { is: 'list' };
  const { recordings, problem, loading } = rows.state;
  if (recordings === null)
    return problem === null
      ? { is: 'loading', what: mine ? 'Loading my sessions' : 'Loading recordings' }
      : { is: 'problem', problem };
  if (loading || goesOn(shown)) return { is: 'loading', what: 'Looking' };
  return words === '' && Object.keys(filters).length === 0 ? { is: 'empty' } : { is: 'filtered' };
}
