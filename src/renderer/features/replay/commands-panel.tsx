import { useCallback, useMemo, useState } from 'react';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { idleStretches } from './activity.ts';
import { isKill, type ListedMark, listMarks } from './mark-words.ts';
import { type Row, rowAt, rowsOf } from './moments.ts';
import { type OpenReplay, useDerived } from './open-replay.ts';
import { MomentRow, rowHeights } from './rows.tsx';
import css from './side.module.css';
import { useCommands } from './use-moments.ts';
import type { ReplayActions } from './use-replay-actions.ts';
import { VirtualList } from './virtual-list.tsx';

const noMarks: readonly ListedMark[] = [];
const noHits = new Set<number>();

/** Marks without typed lines; a kill that only the store knows of is one too. */
export function useMarks(replay: OpenReplay): readonly ListedMark[] {
  const { survey, killed, recording, opened } = replay;
  return useMemo(() => {
    if (survey === null) return noMarks;
    const marks = listMarks(survey.marks.filter((mark) => mark.kind !== 'input'));
    if (!killed || marks.some(isKill)) return marks;
    const by = recording?.killedBy ?? 'an order';
    return [...marks, { atMs: opened.durationMs, kind: 'marker', text: `killed by ${by}`, times: 1 }];
  }, [survey, killed, recording, opened]);
}

function keyOf(row: Row, index: number): string {
  switch (row.kind) {
    case 'hit':
      return `hit ${row.hit.line}`;
    case 'bookmark':
      return row.bookmark.id;
    case 'finding':
      return row.finding.id;
    default:
      return `${row.kind} ${row.atMs} ${index}`;
  }
}

/** Rows with the one we are in; shared by the list of everything and the list of marks. */
export function MomentList(props: {
  replay: OpenReplay;
  actions: ReplayActions;
  rows: readonly Row[];
  label: string;
  reveal?: unknown;
  /** The row to bring into sight, where it is not the one we are in. */
  wanted?: number;
  onMore?: (under: number) => void;
}) {
  const { replay, actions, rows } = props;
  const { asked } = useStore(replay.search.state);
  const at = useDerived(replay.player.state, (state) => rowAt(rows, state.positionMs));
  let groupEnd = at + 1;
  while (groupEnd < rows.length && (rows[groupEnd]?.kind === 'hit' || rows[groupEnd]?.kind === 'more')) groupEnd += 1;
  const heightOf = useCallback((index: number) => rowHeights[rows[index]?.kind ?? 'command'], [rows]);
  const keyAt = useCallback(
    (index: number) => {
      const row = rows[index];
      return row === undefined ? index : keyOf(row, index);
    },
    [rows],
  );
  return (
    <VirtualList
      label={props.label}
      count={rows.length}
      heightOf={heightOf}
      keyOf={keyAt}
      follow={at}
      reveal={props.reveal}
      revealAt={props.wanted}
      className={css.rows}
      testId={testIds.replayList}
      render={(index, tabIndex) => {
        const row = rows[index];
        return row === undefined ? null : (
          <MomentRow
            row={row}
            now={index >= at && index < groupEnd && at >= 0}
            query={asked}
            tabIndex={tabIndex}
            onSeek={(ms) => (row.kind === 'hit' ? actions.seekHit(row.hit) : actions.seek(ms))}
            onMore={(under) => props.onMore?.(under)}
            onRemove={(bookmarkId) => void replay.notes.removeBookmark(bookmarkId).then(actions.tell)}
          />
        );
      }}
    />
  );
}

/** Everything that happened, in its order: commands with what was found in their output, idle time, marks, bookmarks, findings. */
export function CommandsPanel(props: { replay: OpenReplay; actions: ReplayActions }) {
  const { replay, actions } = props;
  const { survey, opened } = replay;
  const search = useStore(replay.search.state);
  const { onlyHits } = useStore(replay.ui);
  const { notes } = useStore(replay.notes.state);
  const commands = useCommands(replay);
  const marks = useMarks(replay);
  const [expanded, setExpanded] = useState<{ of: string; times: ReadonlySet<number> }>({ of: '', times: noHits });
  const open = expanded.of === search.asked ? expanded.times : noHits;
  const only = onlyHits && search.asked !== '';
  const activity = survey?.activity;
  const idle = useMemo(
    () => (activity === undefined ? [] : idleStretches(activity, opened.durationMs)),
    [activity, opened.durationMs],
  );
  const rows = useMemo(
    () =>
      rowsOf({
        commands,
        idle,
        marks,
        bookmarks: notes?.bookmarks ?? [],
        findings: notes?.findings ?? [],
        hits: search.hits,
        hitIndex: search.index,
        onlyHits: only,
        expanded: open,
      }),
    [commands, idle, marks, notes, search.hits, search.index, only, open],
  );
  const chosen = search.hits[search.index];
  const wanted = useMemo(
    () =>
      chosen === undefined
        ? -1
        : rows.findIndex((row) => (row.kind === 'hit' || row.kind === 'command') && row.current),
    [rows, chosen],
  );
  if (rows.length === 0)
    return (
      <p className={css.quiet}>
        {only
          ? 'Nothing in this recording holds these words.'
          : survey?.finished === true
            ? 'No command was told apart in this recording. Its text is under Transcript.'
            : 'Looking for commands.'}
      </p>
    );
  return (
    <MomentList
      replay={replay}
      actions={actions}
      rows={rows}
      label="Commands"
      reveal={chosen}
      wanted={wanted}
      onMore={(under) => setExpanded({ of: search.asked, times: new Set([...open, under]) })}
    />
  );
}

/** Bookmarks, findings and what the record itself marks. */
export function MarksPanel(props: { replay: OpenReplay; actions: ReplayActions }) {
  const { replay, actions } = props;
  const { notes } = useStore(replay.notes.state);
  const marks = useMarks(replay);
  const rows = useMemo(
    () =>
      rowsOf({
        commands: [],
        idle: [],
        marks,
        bookmarks: notes?.bookmarks ?? [],
        findings: notes?.findings ?? [],
        hits: [],
        hitIndex: -1,
        onlyHits: false,
        expanded: noHits,
      }),
    [marks, notes],
  );
  if (rows.length === 0)
    return (
      <p className={css.quiet}>
        {replay.survey?.finished === true ? 'Nothing is marked in this recording.' : 'Looking for marks.'}
      </p>
    );
  return <MomentList replay={replay} actions={actions} rows={rows} label="Marks" />;
}
