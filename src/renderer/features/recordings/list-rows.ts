import type { RecordingView } from '../../../shared/model/recording.ts';
import type { LocalRecording } from '../../../shared/protocol/ipc.ts';
import { longDay, when } from '../../services/format.ts';
import { rangeOf } from './days.ts';
import { type Filters, narrowsSearch } from './filters.ts';

/** A session of the list: what the store says of it, what this computer still holds of it, or both. */
export interface Row {
  sessionId: string;
  /** Null: not known here. */
  startedAtMs: number | null;
  recording: RecordingView | null;
  local: LocalRecording | null;
}

export interface RowGroup {
  key: string;
  name: string;
  /** What stands behind the name. */
  note: string | null;
  rows: Row[];
}

const startOf = (row: Row) => row.startedAtMs ?? Number.POSITIVE_INFINITY;

/**
 * What is local, with what is known of it from the store. Without a store's word of it, a filter that needs that word leaves it out. `userName`: whose computer this is. Pure.
 */
export function localRows(options: {
  local: readonly LocalRecording[];
  known: readonly RecordingView[];
  /** Those of the answer to the filters. */
  listed: readonly RecordingView[];
  filters: Filters;
  userName: string;
  nowMs: number;
}): Row[] {
  const { filters, userName, nowMs } = options;
  const known = new Map(options.known.map((recording) => [recording.sessionId, recording]));
  const listed = new Set(options.listed.map((recording) => recording.sessionId));
  const keys = Object.keys(filters) as (keyof Filters)[];
  const range = filters.when === undefined ? null : rangeOf(filters.when, nowMs);
  const fits = (item: LocalRecording) => {
    if (keys.length === 0 || listed.has(item.sessionId)) return true;
    // The store's own answer leaves it out, and it knows more.
    if (known.has(item.sessionId)) return false;
    return (
      keys.every(narrowsSearch) &&
      (filters.user === undefined || userName.toLowerCase().includes(filters.user.toLowerCase())) &&
      (filters.target === undefined || item.targetName.toLowerCase().includes(filters.target.toLowerCase())) &&
      (range === null ||
        (item.startedAtMs !== null && item.startedAtMs >= range.fromMs && item.startedAtMs < range.toMs))
    );
  };
  return options.local.filter(fits).map((item) => {
    const recording = known.get(item.sessionId) ?? null;
    return {
      sessionId: item.sessionId,
      startedAtMs: recording === null ? item.startedAtMs : Date.parse(recording.startedAt),
      recording,
      local: item,
    };
  });
}

/** Words of a row that a filter text is looked for in. */
function textOf(row: Row): string {
  const { recording, local } = row;
  if (recording === null)
    return `${local?.targetName ?? ''}\n${local?.login ?? ''}\n${local?.state ?? ''}`.toLowerCase();
  return [
    recording.user.name,
    recording.target.name,
    recording.target.address,
    recording.target.production ? 'production' : '',
    recording.login,
    recording.reason ?? '',
    recording.endReason ?? '',
    recording.because ?? '',
    recording.state,
    recording.startedAt.slice(0, 10),
  ]
    .join('\n')
    .toLowerCase();
}

/** The rows in which every word of `text` is found in person, target, login, reason, end or state. Pure. */
export function narrowRows(rows: readonly Row[], text: string): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...rows];
  return rows.filter((row) => {
    const all = textOf(row);
    return words.every((word) => all.includes(word));
  });
}

/** "Today", "Yesterday", "Friday 20 November", with the year when it is not this one. */
export function dayName(ms: number, nowMs: number): string {
  const word = /^(?:Today|Yesterday)/.exec(when(ms, nowMs))?.[0];
  if (word !== undefined) return word;
  const year = new Date(ms).getFullYear();
  return year === new Date(nowMs).getFullYear() ? longDay(ms) : `${longDay(ms)} ${year}`;
}

/** Rows by day, newest first; what waits on this computer comes before them all. Pure. */
export function groupRows(rows: readonly Row[], nowMs: number): RowGroup[] {
  const waits = (row: Row) => row.local !== null && row.local.state !== 'running';
  const newest = [...rows].sort((a, b) => startOf(b) - startOf(a));
  const here = newest.filter(waits);
  const groups: RowGroup[] =
    here.length === 0
      ? []
      : [
          {
            key: 'here',
            name: 'On this computer',
            note: 'not yet whole in the store; kept here, encrypted, until it is',
            rows: here,
          },
        ];
  for (const row of newest) {
    if (waits(row)) continue;
    const name = row.startedAtMs === null ? 'Now' : dayName(row.startedAtMs, nowMs);
    const last = groups.at(-1);
    if (last !== undefined && last.key === `day ${name}`) last.rows.push(row);
    else groups.push({ key: `day ${name}`, name, note: null, rows: [row] });
  }
  return groups;
}
