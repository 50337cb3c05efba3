import type { TargetView } from '../../../shared/model/target.ts';

/** A label that narrows the list. `key` is null for the built-in "production". */
export interface Filter {
  key: string | null;
  value: string;
}

export interface FilterChoice extends Filter {
  count: number;
}

export interface Hit {
  target: TargetView;
  /** Ranges of the name that matched, in order, not overlapping: [from, to). */
  marks: [from: number, to: number][];
}

export interface Group {
  name: string;
  hits: Hit[];
}

export interface IndexedTarget {
  target: TargetView;
  name: string;
  rest: string;
}

/** Prepares a list once, so that each letter costs comparisons only. */
export function indexTargets(targets: readonly TargetView[]): IndexedTarget[] {
  return targets.map((target) => ({
    target,
    name: target.name.toLowerCase(),
    rest: [
      target.address,
      target.description,
      target.owner ?? '',
      target.production ? 'production' : '',
      ...Object.entries(target.labels).flat(),
      ...target.logins.map((login) => login.name),
    ]
      .join('\n')
      .toLowerCase(),
  }));
}

/** True when the target has the label, or is production for the built-in filter. */
export function passes(target: TargetView, filter: Filter): boolean {
  return filter.key === null ? target.production : target.labels[filter.key] === filter.value;
}

function merge(ranges: [number, number][]): [number, number][] {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && range[0] <= last[1]) last[1] = Math.max(last[1], range[1]);
    else merged.push([range[0], range[1]]);
  }
  return merged;
}

/** 0 is best: the name begins so, a word of it does, it is inside, it is elsewhere. Null: not at all. */
function scoreOf(item: IndexedTarget, words: readonly string[]): { score: number; marks: [number, number][] } | null {
  let score = 0;
  const marks: [number, number][] = [];
  for (const word of words) {
    const at = item.name.indexOf(word);
    if (at < 0 && !item.rest.includes(word)) return null;
    if (at >= 0) marks.push([at, at + word.length]);
    if (at === 0) continue;
    if (at > 0) score += /[^a-z0-9]/.test(item.name[at - 1] ?? '') ? 1 : 2;
    else score += 4;
  }
  return { score, marks: merge(marks) };
}

/** All words of `query` somewhere in the target and all filters passed; best matches first, the order of the list otherwise. */
export function searchTargets(index: readonly IndexedTarget[], query: string, filters: readonly Filter[]): Hit[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found: { hit: Hit; score: number }[] = [];
  for (const item of index) {
    if (!filters.every((filter) => passes(item.target, filter))) continue;
    const match = scoreOf(item, words);
    if (match !== null) found.push({ hit: { target: item.target, marks: match.marks }, score: match.score });
  }
  found.sort((a, b) => a.score - b.score);
  return found.map(({ hit }) => hit);
}

const recentCount = 4;

/** Favourites first, as they were chosen, then what was used lately, newest first, then all others. A target stands in one group; empty ones are left out. */
export function groupHits(hits: readonly Hit[], favourites: readonly string[]): Group[] {
  const place = new Map(favourites.map((id, at) => [id, at]));
  const starred = hits
    .filter((hit) => place.has(hit.target.id))
    .sort((a, b) => (place.get(a.target.id) ?? 0) - (place.get(b.target.id) ?? 0));
  const used = hits
    .filter((hit) => hit.target.lastUsedAt !== null && !place.has(hit.target.id))
    .sort((a, b) => Date.parse(b.target.lastUsedAt ?? '') - Date.parse(a.target.lastUsedAt ?? ''))
    .slice(0, recentCount);
  const above = new Set([...starred, ...used]);
  const others = hits.filter((hit) => !above.has(hit));
  return [
    { name: 'Favourites', hits: starred },
    { name: 'Recent', hits: used },
    { name: 'All targets', hits: others },
  ].filter((group) => group.hits.length > 0);
}

/** The labels found in a list with how often, commonest first; those already chosen are left out. */
export function filterChoices(hits: readonly Hit[], chosen: readonly Filter[]): FilterChoice[] {
  const counts = new Map<string, FilterChoice>();
  const count = (key: string | null, value: string) => {
    const id = `${key ?? ''}\n${value}`;
    const there = counts.get(id);
    if (there === undefined) counts.set(id, { key, value, count: 1 });
    else there.count += 1;
  };
  for (const { target } of hits) {
    if (target.production) count(null, 'production');
    for (const [key, value] of Object.entries(target.labels)) {
      if (target.production && value === 'production') continue;
      count(key, value);
    }
  }
  return [...counts.values()]
    .filter((choice) => !chosen.some((filter) => filter.key === choice.key && filter.value === choice.value))
    .sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}
