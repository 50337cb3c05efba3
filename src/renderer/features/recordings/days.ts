/** Days of the person's own calendar. `days`: from and to, both inclusive, as "2026-11-24". */
export type When =
  | { id: 'today' | 'yesterday' | 'this-week' | 'last-week' | 'this-month' | 'last-month' }
  | { id: 'days'; from: string; to: string };

export const namedDays = ['today', 'yesterday', 'this-week', 'last-week', 'this-month', 'last-month'] as const;

const names: Readonly<Record<(typeof namedDays)[number], string>> = {
  today: 'Today',
  yesterday: 'Yesterday',
  'this-week': 'This week',
  'last-week': 'Last week',
  'this-month': 'This month',
  'last-month': 'Last month',
};
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const shown = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (n: number) => String(n).padStart(2, '0');
const written = (date: Date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

/** Midnight of "2026-11-24" here. */
function midnight(day: string, plusDays = 0): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + plusDays);
}

/** From and to (not inclusive), as instants. Weeks begin on Monday. Pure. */
export function rangeOf(when: When, nowMs: number): { fromMs: number; toMs: number } {
  const now = new Date(nowMs);
  const [year, month, date] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const day = (plus: number) => new Date(year, month, date + plus).getTime();
  const monday = -((now.getDay() + 6) % 7);
  switch (when.id) {
    case 'today':
      return { fromMs: day(0), toMs: day(1) };
    case 'yesterday':
      return { fromMs: day(-1), toMs: day(0) };
    case 'this-week':
      return { fromMs: day(monday), toMs: day(monday + 7) };
    case 'last-week':
      return { fromMs: day(monday - 7), toMs: day(monday) };
    case 'this-month':
      return { fromMs: new Date(year, month, 1).getTime(), toMs: new Date(year, month + 1, 1).getTime() };
    case 'last-month':
      return { fromMs: new Date(year, month - 1, 1).getTime(), toMs: new Date(year, month, 1).getTime() };
    case 'days':
      return { fromMs: midnight(when.from).getTime(), toMs: midnight(when.to, 1).getTime() };
  }
}

function dayWords(day: string, nowMs: number): string {
  const date = midnight(day);
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${shown[date.getMonth()]}${year}`;
}

/** "Last week", "20 Nov", "20 Nov to 22 Nov". Pure. */
export function whenWords(when: When, nowMs: number): string {
  if (when.id !== 'days') return names[when.id];
  const from = dayWords(when.from, nowMs);
  return when.from === when.to ? from : `${from} to ${dayWords(when.to, nowMs)}`;
}

interface Span {
  from: Date;
  to: Date;
}

/** A date that is in the calendar: 31 Feb is not. */
function real(year: number, month: number, date: number): Date | null {
  const made = new Date(year, month, date);
  return made.getMonth() === month && made.getDate() === date ? made : null;
}

function one(text: string, now: Date): Span | null {
  const exact = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  const european = /^(\d{1,2})\.(\d{1,2})\.?(\d{4})?$/.exec(text);
  const named = /^(?:(\d{1,2})\.? )?([a-z]{3})[a-z]*\.?(?: (\d{4}))?$/.exec(text);
  const american = /^([a-z]{3})[a-z]* (\d{1,2})(?:,? (\d{4}))?$/.exec(text);
  let parts: { year: string | undefined; month: number; date: string | undefined } | null = null;
  if (exact !== null) parts = { year: exact[1], month: Number(exact[2]) - 1, date: exact[3] };
  else if (european !== null) parts = { year: european[3], month: Number(european[2]) - 1, date: european[1] };
  else if (american !== null)
    parts = { year: american[3], month: months.indexOf(american[1] ?? ''), date: american[2] };
  else if (named !== null) parts = { year: named[3], month: months.indexOf(named[2] ?? ''), date: named[1] };
  if (parts === null || parts.month < 0 || parts.month > 11) return null;
  const { month } = parts;
  const guess = now.getFullYear();
  const year = parts.year === undefined ? guess : Number(parts.year);
  if (parts.date === undefined) {
    // "March" in February is last year's: nothing of this year's was recorded yet.
    const inYear = parts.year === undefined && month > now.getMonth() ? guess - 1 : year;
    return { from: new Date(inYear, month, 1), to: new Date(inYear, month + 1, 0) };
  }
  const date = real(year, month, Number(parts.date));
  if (date === null) return null;
  const past =
    parts.year === undefined && date.getTime() > now.getTime() ? real(guess - 1, month, Number(parts.date)) : date;
  return past === null ? null : { from: past, to: past };
}

/** Days as a person writes them: "2026-11-20", "20.11.", "20 Nov", "March", "18 Nov to 20 Nov". Null when it is none. Without a year it is the last such day. Pure. */
export function parseDays(text: string, nowMs: number): When | null {
  const now = new Date(nowMs);
  const [first = '', second, ...rest] = text
    .trim()
    .toLowerCase()
    .split(/\s+(?:to|until|-|–)\s+/);
  if (rest.length > 0) return null;
  const from = one(first.trim(), now);
  const to = second === undefined ? from : one(second.trim(), now);
  if (from === null || to === null || to.to.getTime() < from.from.getTime()) return null;
  return { id: 'days', from: written(from.from), to: written(to.to) };
}
