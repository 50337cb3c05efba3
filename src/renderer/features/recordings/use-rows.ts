import { useEffect, useMemo } from 'react';
import type { Me } from '../../../shared/protocol/control-api.ts';
import type { ListState, RecordingList } from '../../services/recording-list.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { Names } from './filter-choices.ts';
import { type Filters, matches, queryOf } from './filters.ts';
import { localRows, narrowRows, type Row } from './list-rows.ts';

/** Rows that a narrowing text may look through; beyond that the filters are the way. */
const lookedThroughAtMost = 20_000;

export interface Rows {
  list: RecordingList;
  state: ListState;
  /** Those of the filters. */
  all: Row[];
  /** Of these, those with the text. */
  shown: Row[];
  names: Names;
  offline: boolean;
}

function tally(names: readonly string[]): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
}

/** The sessions that filters and text leave, and their pages: what a text narrows is fetched to its end. */
export function useRows(options: {
  shown: boolean;
  me: Me | null;
  mine: boolean;
  filters: Filters;
  text: string;
  now: number;
}): Rows {
  const { shown, mine, filters, text, now, me } = options;
  const { app, recordings } = useServices();
  const list = mine ? recordings.mine : recordings.everyone;
  const state = useStore(list.state);
  const known = useStore(recordings.state);
  const connection = useStore(app.state)?.connection.state;
  const offline = connection === 'offline';
  const online = connection === 'online';
  const userId = me?.user.id;

  // biome-ignore lint/correctness/useExhaustiveDependencies(userId): another person has other recordings
  // biome-ignore lint/correctness/useExhaustiveDependencies(online): what could not be asked is asked when contact is there
  useEffect(() => {
    if (!shown) return;
    list.ask(queryOf(filters, Date.now()));
    return recordings.follow(list);
  }, [shown, filters, list, recordings, userId, online]);

  const all = useMemo(() => {
    const came = state.recordings ?? [];
    // Without contact the list is one from memory, of whatever was asked before.
    const listed = offline ? came.filter((recording) => matches(recording, filters, now)) : came;
    const local = localRows({
      local: known.local,
      known: known.recordings ?? [],
      listed,
      filters,
      userName: me?.user.name ?? '',
      nowMs: now,
    });
    const here = new Map(local.map((row) => [row.sessionId, row]));
    const stored = listed
      .filter((recording) => !here.has(recording.sessionId))
      .map(
        (recording): Row => ({
          sessionId: recording.sessionId,
          startedAtMs: Date.parse(recording.startedAt),
          recording,
          local: null,
        }),
      );
    return [...local, ...stored];
  }, [state.recordings, known, offline, filters, me?.user.name, now]);
  const narrowed = useMemo(() => narrowRows(all, text), [all, text]);
  const names = useMemo(() => {
    const people = known.recordings ?? [];
    const own = mine ? people.filter((recording) => recording.user.id === userId) : people;
    return {
      users: tally(own.map((recording) => recording.user.name)),
      targets: tally(own.map((recording) => recording.target.name)),
    };
  }, [known.recordings, mine, userId]);

  const further = shown && text !== '' && state.next !== null && all.length < lookedThroughAtMost;
  // biome-ignore lint/correctness/useExhaustiveDependencies(state.next): each page asks for the one after it
  useEffect(() => {
    if (further) list.more(1000);
  }, [further, list, state.next]);

  return { list, state, all, shown: narrowed, names, offline };
}
