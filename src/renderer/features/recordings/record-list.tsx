import { useVirtualizer } from '@tanstack/react-virtual';
import { CornerDownLeft, TextSearch } from 'lucide-react';
import { type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef } from 'react';
import { cx } from '../../components/primitives.tsx';
import { testIds } from '../../test-ids.ts';
import { HitRow, HitSession } from './hit-row.tsx';
import hits from './hits.module.css';
import type { Item } from './list-items.ts';
import { RecordingRow, secondLine } from './recording-row.tsx';
import css from './rows.module.css';

export interface RecordListHandle {
  /** Scrolls so that the item of this key is seen; null: to the top. */
  reveal(key: string | null): void;
}

const heights = { head: 30, session: 30, row: 32, two: 50, hit: 26, ask: 34, more: 34 } as const;

function heightOf(item: Item | undefined, roomier: number): number {
  if (item === undefined) return heights.row;
  if (item.kind === 'row') return (secondLine(item.row) === null ? heights.row : heights.two) + roomier;
  return heights[item.kind] + (item.kind === 'hit' ? roomier : 0);
}

/** Rows and hits, of which those in sight are in the page. What comes in above leaves what is read where it is. */
export function RecordList(props: {
  ref: Ref<RecordListHandle>;
  listId: string;
  label: string;
  optionId: (key: string) => string;
  items: readonly Item[];
  chosenKey: string | null;
  mine: boolean;
  now: number;
  roomier: number;
  /** The answer is of another question than the one that is under way. */
  stale: boolean;
  onChoose: (key: string) => void;
  onOpen: (item: Item) => void;
  /** Copies the line that is chosen. */
  onCopy: () => void;
  /** The end is near. */
  onEnd: () => void;
}) {
  const { items, onEnd } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => heightOf(items[index], props.roomier),
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined ? index : `${item.kind} ${item.key} ${heightOf(item, props.roomier)}`;
    },
    overscan: 12,
    scrollPaddingStart: heights.head,
    scrollPaddingEnd: 8,
  });

  useImperativeHandle(props.ref, () => ({
    reveal(key) {
      const index = key === null ? -1 : items.findIndex((item) => item.key === key);
      // The first one's own head is to be seen with it.
      if (index <= 1) virtualizer.scrollToOffset(0);
      else virtualizer.scrollToIndex(index, { align: 'auto' });
    },
  }));

  // Back from a replay: what is chosen is in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the list is there
  useEffect(() => {
    const index = items.findIndex((item) => item.key === props.chosenKey);
    if (index > 1) virtualizer.scrollToIndex(index, { align: 'center' });
  }, []);

  // New rows come in at the top: whoever has scrolled reads on undisturbed.
  const anchor = useRef<{ key: string; offset: number } | null>(null);
  const shown = virtualizer.getVirtualItems();
  useLayoutEffect(() => {
    const kept = anchor.current;
    const element = scroller.current;
    if (kept === null || element === null) return;
    const index = items.findIndex((item) => item.kind === 'row' && item.key === kept.key);
    const place = index < 0 ? undefined : virtualizer.measurementsCache[index];
    if (place !== undefined && Math.abs(place.start - kept.offset - element.scrollTop) > 1)
      element.scrollTop = place.start - kept.offset;
  }, [items, virtualizer]);
  const remember = () => {
    const top = scroller.current?.scrollTop ?? 0;
    const first = top < 8 ? undefined : shown.find((place) => place.start >= top && items[place.index]?.kind === 'row');
    const item = first === undefined ? undefined : items[first.index];
    anchor.current = first === undefined || item === undefined ? null : { key: item.key, offset: first.start - top };
  };

  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= items.length - 30) onEnd();
  }, [lastShown, items.length, onEnd]);

  // Between two days of many rows the day stands at the top, or a time would say little.
  const top = virtualizer.scrollOffset ?? 0;
  const first = shown.findIndex((place) => place.end > top);
  const headAt = shown[first] === undefined ? -1 : headOf(items, shown[first].index);
  const head = items[headAt];
  const passed = head?.kind === 'head' && (virtualizer.measurementsCache[headAt]?.start ?? 0) < top;

  return (
    <div
      ref={scroller}
      id={props.listId}
      role="listbox"
      tabIndex={-1}
      aria-label={props.label}
      aria-busy={props.stale}
      className={cx(css.scroll, props.mine ? css.columnsMine : css.columns, props.stale && css.stale)}
      onScroll={remember}
    >
      {passed ? (
        <div className={css.stuck} aria-hidden="true">
          <Head item={head} />
        </div>
      ) : null}
      <div className={css.spacer} style={{ height: virtualizer.getTotalSize() }} role="presentation">
        {shown.map((place) => {
          const item = items[place.index];
          if (item === undefined) return null;
          return (
            <div
              key={place.key}
              className={css.placed}
              role="presentation"
              style={{ height: place.size, transform: `translateY(${place.start}px)` }}
            >
              <Line {...props} item={item} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The head that an item stands under; -1: none. */
function headOf(items: readonly Item[], index: number): number {
  for (let at = index; at >= 0; at -= 1) if (items[at]?.kind === 'head') return at;
  return -1;
}

function Head(props: { item: Extract<Item, { kind: 'head' }> }) {
  const { name, count, note } = props.item;
  return (
    <div className={css.groupHead} aria-hidden="true">
      <b>{name}</b>
      {count === null ? null : <span>{count.toLocaleString('en')}</span>}
      {note === null ? null : <span>{note}</span>}
    </div>
  );
}

function Line(props: {
  item: Item;
  optionId: (key: string) => string;
  chosenKey: string | null;
  mine: boolean;
  now: number;
  onChoose: (key: string) => void;
  onOpen: (item: Item) => void;
  onCopy: () => void;
}) {
  const { item, mine, now } = props;
  const facts = {
    id: props.optionId(item.key),
    selected: item.key === props.chosenKey,
    mine,
    now,
    onChoose: () => props.onChoose(item.key),
    onOpen: () => props.onOpen(item),
  };
  switch (item.kind) {
    case 'head':
      return <Head item={item} />;
    case 'session':
      return <HitSession group={item.group} mine={mine} now={now} />;
    case 'row':
      return (
        <RecordingRow
          {...facts}
          row={item.row}
          underDay={item.row.local === null || item.row.local.state === 'running'}
        />
      );
    case 'hit':
      return <HitRow {...facts} hit={item.hit} onCopy={props.onCopy} />;
    case 'ask':
    case 'more':
      return (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the search field keeps the focus and handles the keys
        <div
          id={facts.id}
          role="option"
          tabIndex={-1}
          aria-selected={facts.selected}
          className={cx(hits.ask, facts.selected && hits.selected)}
          data-testid={item.kind === 'ask' ? testIds.searchInText : testIds.searchMore}
          onMouseDown={(event) => event.preventDefault()}
          onClick={facts.onOpen}
        >
          <TextSearch size={15} strokeWidth={1.7} aria-hidden="true" />
          {item.kind === 'ask' ? (
            <span className={hits.askText}>
              Search what was typed and shown for <b>{item.text}</b>
            </span>
          ) : (
            item.words
          )}
          {facts.selected ? (
            <span className={hits.act}>
              <CornerDownLeft size={12} strokeWidth={2} aria-hidden="true" />
              {item.kind === 'ask' ? 'Search' : 'Show'}
            </span>
          ) : null}
        </div>
      );
  }
}
