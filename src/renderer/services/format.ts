// Facts as words: one form per kind of fact, everywhere the same.

/** Bytes with one unit: "412 B", "48 KB", "1.8 MB", "2.1 GB" (decimal units). */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = count / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** How long ago, from milliseconds: "0.3 s ago", "12 s ago", "4 min ago". */
export function ago(ms: number): string {
  const past = Math.max(0, ms);
  if (past < 10_000) return `${(past / 1000).toFixed(1)} s ago`;
  if (past < 90_000) return `${Math.round(past / 1000)} s ago`;
  if (past < 90 * 60_000) return `${Math.round(past / 60_000)} min ago`;
  return `${Math.round(past / 3_600_000)} h ago`;
}

/** A span of milliseconds for tabs and heads: "52 s", "41 min", "2 h 10". */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`;
}

/** A length in full: "18 min 56 s", "52 s", "1 h 02 min". */
export function length(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes === 0) return seconds === 0 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : `${seconds} s`;
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A place in a recording: "0:04", "16:20", "1:02:03". */
export function position(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const tail = `${String(Math.floor(seconds / 60) % 60).padStart(seconds < 3600 ? 1 : 2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  return seconds < 3600 ? tail : `${Math.floor(seconds / 3600)}:${tail}`;
}

const two = (n: number) => String(n).padStart(2, '0');

/** Local clock time: "14:32" or with seconds "14:32:07". */
export function clock(ms: number, seconds = false): string {
  const date = new Date(ms);
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return seconds ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

/** Local clock time with milliseconds, for order times: "14:32:07.104". */
export function exactClock(ms: number): string {
  return `${clock(ms, true)}.${String(new Date(ms).getMilliseconds()).padStart(3, '0')}`;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const longDays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const longMonths = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

function startOfDay(ms: number): number {
  const date = new Date(ms);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** "Tuesday 24 November" */
export function longDay(ms: number): string {
  const date = new Date(ms);
  return `${longDays[date.getDay()]} ${date.getDate()} ${longMonths[date.getMonth()]}`;
}

/** "Tue 24 Nov", with the year when it is not this one. */
export function day(ms: number, nowMs: number): string {
  const date = new Date(ms);
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `${days[date.getDay()]} ${date.getDate()} ${months[date.getMonth()]}${year}`;
}

/** When a target was last used: "4 min ago", "1 h ago", "Yesterday", "Thu", "12 Nov". */
export function lastUsed(ms: number, nowMs: number): string {
  const past = nowMs - ms;
  if (past < 60_000) return 'Just now';
  if (past < 3_600_000) return `${Math.floor(past / 60_000)} min ago`;
  const daysAgo = Math.round((startOfDay(nowMs) - startOfDay(ms)) / 86_400_000);
  if (daysAgo <= 0) return `${Math.floor(past / 3_600_000)} h ago`;
  if (daysAgo === 1) return 'Yesterday';
  const date = new Date(ms);
  if (daysAgo < 7) return days[date.getDay()] ?? '';
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? '' : ` ${date.getFullYear()}`;
  return `${date.getDate()} ${months[date.getMonth()]}${year}`;
}

/** A day and a time for lists: "Today 12:10", "Yesterday 09:02", "Fri 20 Nov 16:04". */
export function when(ms: number, nowMs: number): string {
  const daysAgo = Math.round((startOfDay(nowMs) - startOfDay(ms)) / 86_400_000);
  const name = daysAgo === 0 ? 'Today' : daysAgo === 1 ? 'Yesterday' : day(ms, nowMs);
  return `${name} ${clock(ms)}`;
}

/** The same inside a sentence: "today 12:10". */
export function whenInSentence(ms: number, nowMs: number): string {
  return when(ms, nowMs).replace(/^(?:Today|Yesterday)/, (word) => word.toLowerCase());
}

/** A fact of an error as it is read: an instant becomes the local day and time, anything else stays as it is. */
export function fact(value: string): string {
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return value;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? value : `${longDay(ms)}, ${clock(ms, true)}`;
}

/** "1 recording" / "3 recordings" */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** host:22 is written host: the port is said only when it is unusual. */
export function shortAddress(address: string): string {
  return address.replace(/:22$/, '');
}

/** "SHA256:q7Xv9m…Jd0" */
export function shortFingerprint(fingerprint: string): string {
  return fingerprint.length <= 22 ? fingerprint : `${fingerprint.slice(0, 13)}…${fingerprint.slice(-3)}`;
}

/** One or two letters for a person's arch: "Jonas Lindqvist" -> "JL". */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters =
    words.length < 2 ? [...(words[0] ?? '?')].slice(0, 2) : [[...(words[0] ?? '')][0], [...(words.at(-1) ?? '')][0]];
  return letters.join('').toUpperCase();
}
