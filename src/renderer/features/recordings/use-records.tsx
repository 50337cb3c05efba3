import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Me } from '../../../shared/protocol/control-api.ts';
import type { Asking } from '../../services/navigation.ts';
import { useNow } from '../../services/now.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { FilterChoice, Names } from './filter-choices.ts';
import { chipsOf, type Filters, searchOf, without } from './filters.ts';
import { canBeChosen, hitItems, type Item, rowItems } from './list-items.ts';
import { groupRows } from './list-rows.ts';
import type { BodyState } from './record-body.tsx';
import type { RecordDoings } from './record-commands.ts';
import type { RecordListHandle } from './record-list.tsx';
import { bodyOf, noteOf } from './record-state.ts';
import { countWords, footKeys } from './record-words.ts';
import { findOf, withSearch } from './search-words.ts';
import { useOpenRecording } from './use-open-recording.tsx';
import { useRows } from './use-rows.ts';
import { useTextSearch } from './use-text-search.ts';

export interface Records {
  text: string;
  filters: Filters;
  /** Shown are lines that a search found, not sessions. */
  inText: boolean;
  items: readonly Item[];
  chosenKey: string | null;
  body: BodyState;
  count: string;
  note: string | null;
  stale: boolean;
  now: number;
  names: Names;
  searches: readonly string[];
  picking: boolean;
  keys: readonly (readonly [string, string])[];
  doings: RecordDoings;
  dialog: ReactNode;
  type(text: string): void;
  searchFor(text: string): void;
  setFilters(filters: Filters): void;
  pick(choice: FilterChoice): void;
  closePicker(): void;
  choose(key: string): void;
  openItem(item: Item): void;
  clearAll(): void;
  more(): void;
  onKey(event: KeyboardEvent<HTMLInputElement>): void;
}

const firstHits = 50;
const mostHits = 200;

/** What Recordings and My history hold and do; the view draws it. */
export function useRecords(options: {
  shown: boolean;
  me: Me | null;
  mine: boolean;
  list: RefObject<RecordListHandle | null>;
  input: RefObject<HTMLInputElement | null>;
}): Records {
  const { shown, me, mine, list, input } = options;
  const { app, memory, navigation } = useServices();
  const { searches } = useStore(memory.state);
  const now = useNow(30_000);
  const [text, setText] = useState('');
  const [filters, setFilters] = useState<Filters>({});
  const [asked, setAsked] = useState(false);
  const [wantedKey, setWantedKey] = useState<string | null>(null);
  const [picking, setPicking] = useState(false);
  const [limit, setLimit] = useState(firstHits);
  const [earlier, setEarlier] = useState(-1);
  const [copied, setCopied] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const opening = useOpenRecording(me);

  const words = text.trim();
  const searchable = words.length >= 2;
  const inText = searchable && (mine || asked);
  const rows = useRows({ shown, me, mine, filters, text: inText ? '' : words, now });
  const search = useTextSearch(
    inText ? { ...searchOf(words, filters, mine, now - (now % 60_000)), limit } : null,
    filters.kind,
    attempt,
  );

  const items = useMemo(() => {
    if (inText) return search.answer === null ? [] : hitItems(search.answer, limit);
    return rowItems(groupRows(rows.shown, now), mine || !searchable ? null : words);
  }, [inText, search.answer, limit, rows.shown, now, mine, searchable, words]);
  const choosable = useMemo(() => items.filter(canBeChosen), [items]);
  const at = Math.max(
    0,
    choosable.findIndex((item) => item.key === wantedKey),
  );
  const chosen = choosable[at] ?? null;

  const toTop = () => {
    setWantedKey(null);
    list.current?.reveal(null);
  };
  const type = (next: string) => {
    setText(next);
    setEarlier(-1);
    setLimit(firstHits);
    setCopied(false);
    toTop();
  };
  const searchFor = (next: string) => {
    type(next);
    setAsked(true);
    input.current?.focus();
  };
  const changeFilters = (next: Filters) => {
    setFilters(next);
    toTop();
    input.current?.focus();
  };
  const closePicker = useCallback(() => {
    setPicking(false);
    input.current?.focus();
  }, [input]);
  const clearAll = () => {
    type('');
    setAsked(false);
    changeFilters({});
  };
  const searchText = () => {
    if (!searchable || inText) return;
    setAsked(true);
    toTop();
    memory.change({ searches: withSearch(searches, words) });
  };
  const openItem = (item: Item) => {
    if (item.kind === 'ask') searchText();
    else if (item.kind === 'more') setLimit(mostHits);
    else if (item.kind === 'row') {
      const { recording, local, sessionId } = item.row;
      setWantedKey(item.key);
      opening.open({
        sessionId,
        user: recording?.user ?? null,
        targetName: recording?.target.name ?? local?.targetName ?? '',
        moment: {},
      });
    } else if (item.kind === 'hit') {
      const { hit } = item;
      setWantedKey(item.key);
      memory.change({ searches: withSearch(searches, words) });
      opening.open({
        sessionId: hit.sessionId,
        user: hit.user,
        targetName: hit.target.name,
        moment: { atMs: hit.atMs, find: findOf(words, hit) },
      });
    }
  };
  const copy = () => {
    if (chosen?.kind !== 'hit') return;
    memory.change({ searches: withSearch(searches, words) });
    void app.copy(chosen.hit.text).then((problem) => setCopied(problem === null));
  };
  const choose = (next: number) => {
    const item = choosable[Math.min(choosable.length - 1, Math.max(0, next))];
    if (item === undefined) return;
    setWantedKey(item.key);
    setCopied(false);
    list.current?.reveal(item.key);
  };
  /** As a shell does: at the top, up is what was searched for before. */
  const recall = () => {
    const next = earlier + 1;
    const before = searches[next];
    if (before === undefined) return;
    searchFor(before);
    setEarlier(next);
  };
  const clear = () => {
    if (inText && !mine) {
      setAsked(false);
      toTop();
    } else if (text !== '') type('');
    else setFilters({});
  };

  const { asking } = useStore(navigation.place);
  const taken = useRef<Asking | null>(null);
  useEffect(() => {
    if (asking === null || asking === taken.current || asking.view !== (mine ? 'history' : 'recordings')) return;
    taken.current = asking;
    setFilters(asking.user === undefined ? {} : { user: asking.user });
    setText(asking.text ?? '');
    setAsked(asking.text !== undefined);
    setEarlier(-1);
    setLimit(firstHits);
    setWantedKey(null);
  }, [asking, mine]);

  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    const field = event.currentTarget;
    const atStart = field.selectionStart === 0 && field.selectionEnd === 0;
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    const chips = chipsOf(filters, now);
    const lastChip = chips.at(-1);
    const nothingMarked = field.selectionStart === field.selectionEnd;
    const page = { PageDown: at + 12, PageUp: at - 12, ArrowDown: at + 1, ArrowUp: at - 1 } as const;
    if (plain && event.key === 'ArrowUp' && at === 0 && (text === '' || earlier >= 0)) recall();
    else if (plain && event.key in page) choose(page[event.key as keyof typeof page]);
    else if (plain && event.key === 'Enter' && chosen !== null) openItem(chosen);
    else if (plain && event.key === 'Escape' && doings.canClear()) clear();
    else if (event.key === '#' && !event.ctrlKey && !event.metaKey && atStart) setPicking(true);
    else if (plain && event.key === 'Backspace' && text === '' && lastChip !== undefined)
      changeFilters(without(filters, lastChip.key));
    else if ((event.ctrlKey || event.metaKey) && event.key === 'c' && nothingMarked && chosen?.kind === 'hit') copy();
    else return;
    event.preventDefault();
  };

  const doings: RecordDoings = {
    chosen: () => (chosen?.kind === 'row' || chosen?.kind === 'hit' ? chosen.kind : 'none'),
    open: () => chosen !== null && openItem(chosen),
    copy,
    filter: () => setPicking(true),
    searchText,
    focusSearch: () => input.current?.select(),
    clear,
    reload: () => {
      if (inText) setAttempt((before) => before + 1);
      else void rows.list.refresh();
    },
    canSearch: () => searchable && !inText,
    canClear: () => text !== '' || Object.keys(filters).length > 0,
  };

  const stale = inText ? search.searching : rows.state.loading && rows.state.recordings !== null;
  const narrowing = !inText && words !== '';
  const shownNow = { inText, words, filters, search, rows, mine, count: items.length };
  const { list: source } = rows;
  const more = useCallback(() => source.more(), [source]);
  return {
    text,
    filters,
    inText,
    items,
    chosenKey: chosen?.key ?? null,
    body: bodyOf(shownNow),
    count: countWords({ inText, copied, answer: search.answer, searching: search.searching, rows, narrowing, mine }),
    note: noteOf(shownNow),
    stale,
    now,
    names: rows.names,
    searches,
    picking,
    keys: footKeys({
      chosen: chosen?.kind ?? null,
      inText,
      mine,
      searchable,
      earlier: searches.length > 0 && text === '',
    }),
    doings,
    dialog: opening.dialog,
    type,
    searchFor,
    setFilters: changeFilters,
    pick: (choice) => {
      setPicking(false);
      changeFilters({ ...filters, ...choice.set });
    },
    closePicker,
    choose: setWantedKey,
    openItem,
    clearAll,
    more,
    onKey,
  };
}
