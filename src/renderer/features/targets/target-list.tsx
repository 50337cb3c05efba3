import { useVirtualizer } from '@tanstack/react-virtual';
import { type Ref, useImperativeHandle, useMemo, useRef } from 'react';
import type { TargetView } from '../../../shared/model/target.ts';
import { cx } from '../../components/primitives.tsx';
import type { Cover } from '../../services/connect-service.ts';
import type { Group, Hit } from './search.ts';
import { hasSecondLine, TargetRow } from './target-row.tsx';
import css from './targets.module.css';

export interface TargetListHandle {
  /** Scrolls so that the hit at this place in the whole order is seen. */
  reveal(at: number): void;
}

type Item = { kind: 'head'; name: string; count: number } | { kind: 'hit'; hit: Hit };

/** Five thousand rows, of which those in sight are in the page. */
export function TargetList(props: {
  ref: Ref<TargetListHandle>;
  listId: string;
  optionId: (targetId: string) => string;
  groups: readonly Group[];
  /** Pixels that the chosen density adds to a row. */
  roomier: number;
  chosenId: string | null;
  runningAt: ReadonlyMap<string, number>;
  now: number;
  favourites: ReadonlySet<string>;
  cover: Cover | null;
  onChoose: (target: TargetView) => void;
  onConnect: (target: TargetView) => void;
  onFavourite: (target: TargetView) => void;
  onCopy: (text: string) => void;
}) {
  const { groups } = props;
  const heights = { head: 28, one: 32 + props.roomier, two: 56 + props.roomier };
  const scroller = useRef<HTMLDivElement>(null);
  const items = useMemo(
    () =>
      groups.flatMap((group): Item[] => [
        { kind: 'head', name: group.name, count: group.hits.length },
        ...group.hits.map((hit): Item => ({ kind: 'hit', hit })),
      ]),
    [groups],
  );
  const heightOf = (index: number) => {
    const item = items[index];
    if (item === undefined || item.kind === 'head') return heights.head;
    return hasSecondLine(item.hit.target) ? heights.two : heights.one;
  };
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: heightOf,
    getItemKey: (index) => {
      const item = items[index];
      return item === undefined
        ? index
        : item.kind === 'head'
          ? `head ${item.name}`
          : `${item.hit.target.id}${heightOf(index)}`;
    },
    overscan: 12,
    scrollPaddingStart: heights.head,
  });

  useImperativeHandle(props.ref, () => ({
    reveal(at) {
      let seen = -1;
      const index = items.findIndex((item) => item.kind === 'hit' && ++seen === at);
      if (at === 0) virtualizer.scrollToOffset(0);
      else if (index >= 0) virtualizer.scrollToIndex(index, { align: 'auto' });
    },
  }));

  return (
    <>
      <div className={cx(css.head, css.columns)} aria-hidden="true">
        <span>Target</span>
        <span>Address</span>
        <span>Labels</span>
        <span>Logins</span>
        <span>Connecting needs</span>
        <span>Last used</span>
      </div>
      <div
        ref={scroller}
        id={props.listId}
        role="listbox"
        tabIndex={-1}
        aria-label="Targets"
        className={cx(css.scroll, css.columns)}
      >
        <div className={css.spacer} style={{ height: virtualizer.getTotalSize() }} role="presentation">
          {virtualizer.getVirtualItems().map((place) => {
            const item = items[place.index];
            if (item === undefined) return null;
            return (
              <div
                key={place.key}
                className={css.placed}
                role="presentation"
                style={{ height: place.size, transform: `translateY(${place.start}px)` }}
              >
                {item.kind === 'head' ? (
                  <div className={css.groupHead} role="presentation">
                    {item.name} <span>{item.count.toLocaleString('en')}</span>
                  </div>
                ) : (
                  <TargetRow
                    id={props.optionId(item.hit.target.id)}
                    hit={item.hit}
                    selected={item.hit.target.id === props.chosenId}
                    now={props.now}
                    running={props.runningAt.get(item.hit.target.id) ?? 0}
                    onChoose={() => props.onChoose(item.hit.target)}
                    onConnect={() => props.onConnect(item.hit.target)}
                    favourite={props.favourites.has(item.hit.target.id)}
                    cover={props.cover}
                    onFavourite={() => props.onFavourite(item.hit.target)}
                    onCopy={props.onCopy}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}
