import type { RecordingView } from '../../../shared/model/recording.ts';
import type { RecordingsQuery, SearchQuery } from '../../../shared/protocol/review-api.ts';
import { rangeOf, type When, whenWords } from './days.ts';
import { isRunning } from './end-words.ts';

/** What narrows a list or a search; what is absent does not. */
export interface Filters {
  /** Part of a person's name. */
  user?: string;
  /** Part of a target's name. */
  target?: string;
  when?: When;
  /** Seconds. */
  length?: { atLeast?: number; atMost?: number };
  state?: 'running' | 'complete' | 'incomplete' | 'killed';
  reviewed?: 'yes' | 'no';
  findings?: 'yes' | 'no';
  held?: 'yes' | 'no';
  /** Of a search in text: only what was typed, or only what was shown. */
  kind?: 'command' | 'output';
}
export type FilterKey = keyof Filters;

/** Those that a search in text heeds; the others are about the list. */
const searched: ReadonlySet<FilterKey> = new Set(['user', 'target', 'when', 'kind']);
export function narrowsSearch(key: FilterKey): boolean {
  return searched.has(key);
}

/** The filters as the server's question for a list. Pure. */
export function queryOf(filters: Filters, nowMs: number): RecordingsQuery {
  const { user, target, when, length, state, reviewed, findings, held } = filters;
  const range = when === undefined ? null : rangeOf(when, nowMs);
  return {
    ...(user === undefined ? {} : { user }),
    ...(target === undefined ? {} : { target }),
    ...(range === null ? {} : { from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() }),
    ...(length?.atLeast === undefined ? {} : { minSeconds: length.atLeast }),
    ...(length?.atMost === undefined ? {} : { maxSeconds: length.atMost }),
    ...(state === undefined ? {} : { state }),
    ...(reviewed === undefined ? {} : { reviewed }),
    ...(findings === undefined ? {} : { findings }),
    ...(held === undefined ? {} : { held }),
  };
}

/** The filters as a search in text heeds them; `mine` adds that it is one's own only. Pure. */
export function searchOf(text: string, filters: Filters, mine: boolean, nowMs: number): SearchQuery {
  const { user, target, from, to } = queryOf(filters, nowMs);
  return {
    text,
    ...(user === undefined ? {} : { user }),
    ...(target === undefined ? {} : { target }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(mine ? { mine: 'yes' as const } : {}),
  };
}

/** "10 min", "1 h", "90 s" of seconds. */
function seconds(count: number): string {
  if (count % 3600 === 0) return `${count / 3600} h`;
  if (count % 60 === 0) return `${count / 60} min`;
  return `${count} s`;
}

export function lengthWords(length: NonNullable<Filters['length']>): string {
  if (length.atLeast === undefined) return `Under ${seconds(length.atMost ?? 0)}`;
  if (length.atMost === undefined) return `Over ${seconds(length.atLeast)}`;
  return `${seconds(length.atLeast)} to ${seconds(length.atMost)}`;
}

const states = { running: 'Running', complete: 'Complete', incomplete: 'Incomplete', killed: 'Killed' } as const;
const flags = {
  reviewed: { yes: 'Reviewed', no: 'Not reviewed' },
  findings: { yes: 'With findings', no: 'No findings' },
  held: { yes: 'Legal hold', no: 'No legal hold' },
} as const;

export interface FilterChip {
  key: FilterKey;
  words: string;
}

/** What is set, in a fixed order, in words. Pure. */
export function chipsOf(filters: Filters, nowMs: number): FilterChip[] {
  const { user, target, when, length, state, reviewed, findings, held, kind } = filters;
  const chips: (FilterChip | null)[] = [
    when === undefined ? null : { key: 'when', words: whenWords(when, nowMs) },
    user === undefined ? null : { key: 'user', words: `who: ${user}` },
    target === undefined ? null : { key: 'target', words: `target: ${target}` },
    state === undefined ? null : { key: 'state', words: states[state] },
    length === undefined ? null : { key: 'length', words: lengthWords(length) },
    reviewed === undefined ? null : { key: 'reviewed', words: flags.reviewed[reviewed] },
    findings === undefined ? null : { key: 'findings', words: flags.findings[findings] },
    held === undefined ? null : { key: 'held', words: flags.held[held] },
    kind === undefined ? null : { key: 'kind', words: kind === 'command' ? 'Commands only' : 'Output only' },
  ];
  return chips.filter((chip) => chip !== null);
}

/** The filters without one of them. Pure. */
export function without(filters: Filters, key: FilterKey): Filters {
  const { [key]: _gone, ...rest } = filters;
  return rest;
}

const has = (text: string, part: string | undefined) =>
  part === undefined || text.toLowerCase().includes(part.toLowerCase());

function inState(recording: RecordingView, state: Filters['state']): boolean {
  if (state === undefined) return true;
  if (state === 'killed') return recording.killedBy !== null;
  if (state === 'running') return isRunning(recording);
  return recording.state === state;
}

const isFlag = (flag: 'yes' | 'no' | undefined, value: boolean) => flag === undefined || (flag === 'yes') === value;

/** Whether a recording would be in the server's answer: for lists that come from memory while the server cannot be asked. Pure. */
export function matches(recording: RecordingView, filters: Filters, nowMs: number): boolean {
  const { when, length, review } = { ...filters, review: recording.review };
  const range = when === undefined ? null : rangeOf(when, nowMs);
  const started = Date.parse(recording.startedAt);
  const long = recording.durationMs === null ? null : recording.durationMs / 1000;
  return (
    has(recording.user.name, filters.user) &&
    has(recording.target.name, filters.target) &&
    (range === null || (started >= range.fromMs && started < range.toMs)) &&
    (length?.atLeast === undefined || (long !== null && long >= length.atLeast)) &&
    (length?.atMost === undefined || (long !== null && long <= length.atMost)) &&
    inState(recording, filters.state) &&
    isFlag(filters.reviewed, review.reviewed !== null) &&
    isFlag(filters.findings, review.findings.open + review.findings.closed > 0) &&
    isFlag(filters.held, review.hold !== null)
  );
}
