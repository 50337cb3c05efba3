import { Fragment } from 'react';
import css from './marked.module.css';

/** Where `query` is in `text`, without regard to case. Pure. */
export function placesOf(text: string, query: string): [number, number][] {
  const places: [number, number][] = [];
  const wanted = query.trim().toLowerCase();
  if (wanted === '') return places;
  const all = text.toLowerCase();
  // Letters that change their length with their case would shift every place after them.
  if (all.length !== text.length) return places;
  for (let at = all.indexOf(wanted); at >= 0 && places.length < 200; at = all.indexOf(wanted, at + wanted.length))
    places.push([at, at + wanted.length]);
  return places;
}

/** A line shortened in front, so that its first place is seen in a narrow list; `keep`: so much of its start stays. Pure. */
export function broughtNear(
  text: string,
  places: readonly (readonly [number, number])[],
  keep: number,
): { text: string; places: [number, number][] } {
  const first = places[0]?.[0] ?? 0;
  const lead = text.length - text.trimStart().length;
  const from = first > 24 ? first - 10 : Math.min(lead, first);
  const start = from > lead + keep ? text.slice(lead, lead + keep).trimEnd() : '';
  if (from <= lead && lead === 0) return { text, places: places.map(([a, b]) => [a, b]) };
  const before = from > lead ? `${start}…` : '';
  const by = before.length - from;
  return { text: before + text.slice(from), places: places.map(([a, b]) => [a + by, b + by]) };
}

/** Text with the places of a search marked; `current`: it is the hit we are at. */
export function Marked(props: { text: string; places: readonly (readonly [number, number])[]; current?: boolean }) {
  const { text, places } = props;
  let done = 0;
  const pieces = places.map(([from, to]) => {
    const before = text.slice(done, from);
    done = to;
    return (
      <Fragment key={from}>
        {before}
        <mark className={props.current === true ? css.now : css.mark}>{text.slice(from, to)}</mark>
      </Fragment>
    );
  });
  return (
    <>
      {pieces}
      {text.slice(done)}
    </>
  );
}
