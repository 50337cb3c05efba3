import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { cx } from '../../components/primitives.tsx';
import css from './virtual-list.module.css';

/** A list that someone scrolled does not follow what is played for so long. */
const restMs = 6000;

/**
 * A list of any length, of which the rows in sight are in the page. One row is in the order of Tab; the arrows go to the others. Each row renders what can be focused with
 * `data-row-focus`.
 */
export function VirtualList(props: {
  label: string;
  count: number;
  /** In px; of a list with `measured` rows a first guess. */
  heightOf: (index: number) => number;
  keyOf: (index: number) => string | number;
  render: (index: number, tabIndex: 0 | -1) => ReactNode;
  /** Rows are as high as what is in them. */
  measured?: boolean;
  /** The row to keep in sight while nobody scrolls; -1 for none. */
  follow: number;
  /** Changes when row `revealAt` was asked for: then it comes into sight whoever scrolled. */
  reveal?: unknown;
  revealAt?: number | undefined;
  /** Told which rows are in the page: from, and before which. */
  onRange?: (from: number, to: number) => void;
  className?: string | undefined;
  testId?: string;
}) {
  const { count, follow, reveal, onRange } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const touchedAt = useRef(0);
  const [active, setActive] = useState<number | null>(null);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: props.heightOf,
    getItemKey: props.keyOf,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = (items.at(-1)?.index ?? -1) + 1;
  useEffect(() => onRange?.(from, to), [onRange, from, to]);

  const show = useRef((_index: number) => {});
  show.current = (index) => {
    const box = scroller.current;
    const range = virtualizer.range;
    if (box === null || index < 0) return;
    const seen = range !== null && index > range.startIndex && index < range.endIndex - 1;
    if (!seen) virtualizer.scrollToIndex(index, { align: 'center' });
  };
  // Rows that are measured may push the one that is followed out of sight.
  const measuredHeight = props.measured === true ? Math.round(virtualizer.getTotalSize() / 200) : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies(measuredHeight): see above
  useEffect(() => {
    if (performance.now() - touchedAt.current > restMs || touchedAt.current === 0) show.current(follow);
  }, [follow, measuredHeight]);
  const wanted = useRef(follow);
  wanted.current = props.revealAt ?? follow;
  // biome-ignore lint/correctness/useExhaustiveDependencies(reveal): each change is a wish to see the row
  useEffect(() => {
    touchedAt.current = 0;
    show.current(wanted.current);
  }, [reveal]);

  const current = Math.min(count - 1, Math.max(0, active ?? follow));
  const focusRow = (index: number) => {
    const next = Math.min(count - 1, Math.max(0, index));
    setActive(next);
    virtualizer.scrollToIndex(next, { align: 'auto' });
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] [data-row-focus]`)?.focus(),
    );
  };
  const onKey = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, items.length - 14);
    const moves: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page };
    const by = moves[event.key];
    if (by === undefined) return;
    event.preventDefault();
    touchedAt.current = performance.now();
    const at = event.target instanceof Element ? event.target.closest('[data-index]') : null;
    focusRow((at === null ? current : Number(at.getAttribute('data-index'))) + by);
  };
  const touched = () => {
    touchedAt.current = performance.now();
  };
  return (
    <div
      ref={scroller}
      className={cx(css.scroller, props.className)}
      data-testid={props.testId}
      onWheel={touched}
      onPointerDown={touched}
    >
      <ol
        className={css.list}
        aria-label={props.label}
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={onKey}
        onBlur={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget)) setActive(null);
        }}
      >
        {items.map((item) => (
          <li
            key={item.key}
            ref={props.measured === true ? virtualizer.measureElement : undefined}
            className={css.item}
            data-index={item.index}
            aria-setsize={count}
            aria-posinset={item.index + 1}
            style={{
              transform: `translateY(${item.start}px)`,
              height: props.measured === true ? undefined : item.size,
            }}
          >
            {props.render(item.index, item.index === current ? 0 : -1)}
          </li>
        ))}
      </ol>
    </div>
  );
}
