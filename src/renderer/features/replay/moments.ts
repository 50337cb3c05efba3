import type { Bookmark, Finding } from '../../../shared/model/review.ts';
import type { Idle } from './activity.ts';
import type { ListedMark } from './mark-words.ts';
import type { ReplayHit } from './replay-search.ts';
import type { ReplaySurvey } from './replay-source.ts';

export type RecordedCommand = ReplaySurvey['commands'][number];

/** One row of the list beside a replay. */
export type Row =
  | { kind: 'command'; atMs: number; command: RecordedCommand; current: boolean }
  | { kind: 'hit'; atMs: number; hit: ReplayHit; current: boolean }
  /** Hits that are not listed before someone wants them. */
  | { kind: 'more'; atMs: number; count: number; under: number }
  | { kind: 'idle'; atMs: number; forMs: number }
  | { kind: 'mark'; atMs: number; mark: ListedMark }
  | { kind: 'bookmark'; atMs: number; bookmark: Bookmark }
  | { kind: 'finding'; atMs: number; finding: Finding };

export interface Moments {
  commands: readonly RecordedCommand[];
  idle: readonly Idle[];
  /** Without typed lines: those are commands. */
  marks: readonly ListedMark[];
  bookmarks: readonly Bookmark[];
  findings: readonly Finding[];
  hits: readonly ReplayHit[];
  /** Index of the hit we are at, -1 without one. */
  hitIndex: number;
  /** Only commands with hits, and their hits. */
  onlyHits: boolean;
  /** Times of commands of which all hits are listed. */
  expanded: ReadonlySet<number>;
}

/** So many hits of one command are listed at once; one more is shown rather than counted. */
const hitsAtOnce = 3;

const rank: Readonly<Record<Row['kind'], number>> = {
  command: 0,
  hit: 1,
  more: 2,
  idle: 3,
  mark: 4,
  bookmark: 5,
  finding: 6,
};

/** Index of the last item that is not after `atMs`, -1 before the first. Items are in order of time. Pure. */
export function lastAt(items: readonly { atMs: number }[], atMs: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Everything that the list shows, in order of time, each hit under the command whose output it is. Pure. */
export function rowsOf(moments: Moments): Row[] {
  const { commands, hits, hitIndex, onlyHits } = moments;
  const under = new Map<number, { hit: ReplayHit; current: boolean }[]>();
  /** Commands that match themselves; true for the one we are at. */
  const matched = new Map<number, boolean>();
  hits.forEach((hit, index) => {
    const at = lastAt(commands, hit.atMs);
    if (hit.kind === 'command' && commands[at]?.atMs === hit.atMs) {
      matched.set(at, index === hitIndex || matched.get(at) === true);
      return;
    }
    const list = under.get(at) ?? [];
    list.push({ hit, current: index === hitIndex });
    under.set(at, list);
  });
  const rows: Row[] = [];
  const addHits = (at: number) => {
    const list = under.get(at);
    if (list === undefined) return;
    const key = commands[at]?.atMs ?? -1;
    const all = moments.expanded.has(key) || list.length <= hitsAtOnce + 1;
    const shown = list.filter((each, index) => all || index < hitsAtOnce || each.current);
    for (const { hit, current } of shown) rows.push({ kind: 'hit', atMs: hit.atMs, hit, current });
    const rest = list.length - shown.length;
    if (rest > 0) rows.push({ kind: 'more', atMs: list.at(-1)?.hit.atMs ?? 0, count: rest, under: key });
  };
  const others: Row[] = onlyHits
    ? []
    : [
        ...moments.idle.map((idle): Row => ({ kind: 'idle', atMs: idle.fromMs, forMs: idle.toMs - idle.fromMs })),
        ...moments.marks.map((mark): Row => ({ kind: 'mark', atMs: mark.atMs, mark })),
        ...moments.bookmarks.map((bookmark): Row => ({ kind: 'bookmark', atMs: bookmark.atMs, bookmark })),
        ...moments.findings.map((finding): Row => ({ kind: 'finding', atMs: finding.atMs, finding })),
      ].sort((a, b) => a.atMs - b.atMs || rank[a.kind] - rank[b.kind]);
  let next = 0;
  const addOthers = (before: number) => {
    for (let row = others[next]; row !== undefined && row.atMs < before; row = others[next]) {
      rows.push(row);
      next += 1;
    }
  };
  addHits(-1);
  commands.forEach((command, at) => {
    addOthers(command.atMs);
    if (!onlyHits || under.has(at) || matched.has(at))
      rows.push({ kind: 'command', atMs: command.atMs, command, current: matched.get(at) === true });
    addHits(at);
  });
  addOthers(Infinity);
  return rows;
}

/** The row to be told apart at `atMs`: the last command, idle stretch or note that has begun; its hits go with it. -1 before the first. Pure. */
export function rowAt(rows: readonly Row[], atMs: number): number {
  let found = -1;
  // Rows are nearly in order of time: hits of one command may be later than an idle stretch that follows it.
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index];
    if (row === undefined || row.kind === 'hit' || row.kind === 'more') continue;
    if (row.atMs > atMs) break;
    found = index;
  }
  return found;
}

/** Where a step by command goes from `atMs`; null when there is none that way. A command that has just begun does not hold a step back. Pure. */
export function stepCommand(commands: readonly RecordedCommand[], atMs: number, by: 1 | -1): number | null {
  if (by === 1) return commands[lastAt(commands, atMs) + 1]?.atMs ?? null;
  const at = lastAt(commands, atMs);
  const here = commands[at];
  if (here === undefined) return null;
  return atMs - here.atMs > justBegunMs ? here.atMs : (commands[at - 1]?.atMs ?? null);
}
const justBegunMs = 1500;
