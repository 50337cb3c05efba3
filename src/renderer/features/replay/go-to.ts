import { clock, position } from '../../services/format.ts';

/** Where we are, and when it was. */
export interface GoToContext {
  positionMs: number;
  durationMs: number;
  /** When the recording began, by the wall clock; null when that is not known. */
  startedAtMs: number | null;
}

export type GoTo = { ok: true; ms: number } | { ok: false; why: string };

const second = 1000;
const dayMs = 86_400_000;
const units: Readonly<Record<string, number>> = { s: second, m: 60 * second, h: 3600 * second };

/** Milliseconds of "90", "1:30", "1:02:03", "5 m", "2h"; null for anything else. */
function spanOf(text: string): number | null {
  const [, count, unit] = /^(\d{1,6}) ?([smh])?$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (units[unit ?? 's'] ?? second);
  const parts = /^(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)$/.exec(text);
  if (parts === null) return null;
  const [, hours, minutes, seconds] = parts;
  if (hours !== undefined && Number(minutes) > 59) return null;
  return ((Number(hours ?? 0) * 60 + Number(minutes)) * 60 + Number(seconds)) * second;
}

/** The moment of the recording at which the wall clock showed `text`; null when it never did. */
function byWallClock(text: string, context: GoToContext): number | null {
  const { startedAtMs, durationMs } = context;
  const [, hours, minutes, seconds] = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  if (startedAtMs === null || hours === undefined) return null;
  const first = new Date(startedAtMs);
  const wanted = new Date(first.getFullYear(), first.getMonth(), first.getDate());
  wanted.setHours(Number(hours), Number(minutes), Number(seconds ?? 0));
  // A clock without seconds means the minute: one that began before the recording did begins with it.
  const slack = seconds === undefined ? 60 * second : second;
  for (let at = wanted.getTime() - startedAtMs; at <= durationMs; at += dayMs) {
    if (at > -slack) return Math.max(0, at);
  }
  return null;
}

/**
 * What a person wrote as a place in a recording: "16:20", "1:02:03", "90", "5 m" are counted from its start, "+30" and "-1:00" from where we are, and what is past its
 * end is a time of day, "14:29:31". Pure.
 */
export function parseGoTo(written: string, context: GoToContext): GoTo {
  const text = written.trim().toLowerCase();
  const { positionMs, durationMs, startedAtMs } = context;
  const inside = (ms: number): GoTo => ({ ok: true, ms: Math.min(durationMs, Math.max(0, ms)) });
  if (text === '') return { ok: false, why: 'Write a time: 16:20, +30 or a time of day.' };
  const sign = text.startsWith('+') ? 1 : /^[-−–]/.test(text) ? -1 : 0;
  if (sign !== 0) {
    const by = spanOf(text.slice(1).trim());
    return by === null ? unread(written) : inside(positionMs + sign * by);
  }
  const from = spanOf(text);
  if (from !== null && from <= durationMs) return inside(from);
  const wall = byWallClock(text, context);
  if (wall !== null) return inside(wall);
  if (from === null && !/^\d{1,2}:[0-5]\d(:[0-5]\d)?$/.test(text)) return unread(written);
  const ran =
    startedAtMs === null ? '' : ` and ran from ${clock(startedAtMs, true)} to ${clock(startedAtMs + durationMs, true)}`;
  return { ok: false, why: `${written.trim()} is not in it: the recording is ${position(durationMs)} long${ran}.` };
}

function unread(written: string): GoTo {
  return {
    ok: false,
    why: `“${written.trim()}” is not a time. Write 16:20 or 1:02:03, +30 or -30 for seconds from here, or a time of day.`,
  };
}
