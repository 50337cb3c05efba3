import { X } from 'lucide-react';
import { cx, IconButton } from '../../components/primitives.tsx';
import { length, position } from '../../services/format.ts';
import { testIds } from '../../test-ids.ts';
import { momentIcon } from './mark-icon.tsx';
import { listedWords, subjectOf } from './mark-words.ts';
import { broughtNear, Marked, placesOf } from './marked.tsx';
import type { Row } from './moments.ts';
import css from './rows.module.css';

export const rowHeights: Readonly<Record<Row['kind'], number>> = {
  command: 26,
  hit: 18,
  more: 20,
  idle: 26,
  mark: 26,
  bookmark: 26,
  finding: 26,
};

function words(row: Exclude<Row, { kind: 'command' | 'hit' | 'more' }>): string {
  switch (row.kind) {
    case 'idle':
      return `Idle ${length(row.forMs)}`;
    case 'mark':
      return listedWords(row.mark);
    case 'bookmark':
      return row.bookmark.text === '' ? `Bookmark of ${row.bookmark.by.name}` : row.bookmark.text;
    case 'finding':
      return `${row.finding.title}${row.finding.state === 'closed' ? ', closed' : ''}`;
  }
}

/** One line of the list: what it is, and its moment. `now`: it is what the playhead is in. */
export function MomentRow(props: {
  row: Row;
  now: boolean;
  query: string;
  tabIndex: 0 | -1;
  onSeek: (ms: number) => void;
  onMore: (under: number) => void;
  /** Absent where it may not be removed. */
  onRemove?: ((bookmarkId: string) => void) | undefined;
}) {
  const { row, now } = props;
  const focus = { 'data-row-focus': true, tabIndex: props.tabIndex };
  switch (row.kind) {
    case 'command': {
      const { command, status } = row.command;
      return (
        <button
          type="button"
          {...focus}
          className={cx(css.row, now && css.now)}
          title={command}
          aria-current={now ? 'true' : undefined}
          data-testid={testIds.replayCommand}
          data-at-ms={row.atMs}
          onClick={() => props.onSeek(row.atMs)}
        >
          <span className={css.time}>{position(row.atMs)}</span>
          <span className={css.command}>
            <Marked {...broughtNear(command, placesOf(command, props.query), 12)} current={row.current} />
          </span>
          {status === null || status === 0 ? null : <span className={css.status}>exit {status}</span>}
        </button>
      );
    }
    case 'hit':
      return (
        <button
          type="button"
          {...focus}
          className={cx(css.hit, now && css.now)}
          aria-current={row.current ? 'true' : undefined}
          data-testid={testIds.replayHit}
          data-at-ms={row.atMs}
          onClick={() => props.onSeek(row.atMs)}
        >
          <span className={css.hitText}>
            <Marked {...broughtNear(row.hit.text, row.hit.marks, 0)} current={row.current} />
          </span>
        </button>
      );
    case 'more':
      return (
        <button
          type="button"
          {...focus}
          className={cx(css.hit, css.more, now && css.now)}
          onClick={() => props.onMore(row.under)}
        >
          {row.count.toLocaleString('en')} more {row.count === 1 ? 'line' : 'lines'} of this command
        </button>
      );
    default: {
      const subject = row.kind === 'mark' ? subjectOf(row.mark) : row.kind;
      const text = words(row);
      return (
        <span className={css.noted}>
          <button
            type="button"
            {...focus}
            className={cx(css.row, css.note, css[subject], now && css.now)}
            title={text}
            aria-current={now ? 'true' : undefined}
            data-testid={row.kind === 'bookmark' ? testIds.replayBookmarkRow : undefined}
            onClick={() => props.onSeek(row.atMs)}
          >
            <span className={css.time}>{position(row.atMs)}</span>
            <span className={css.noteText}>
              {momentIcon(subject)}
              <span>{text}</span>
            </span>
          </button>
          {row.kind === 'bookmark' && row.bookmark.mine && props.onRemove !== undefined ? (
            <IconButton
              label={`Remove the bookmark at ${position(row.atMs)}`}
              className={css.remove}
              onClick={() => props.onRemove?.(row.bookmark.id)}
            >
              <X size={13} aria-hidden="true" />
            </IconButton>
          ) : null}
        </span>
      );
    }
  }
}
