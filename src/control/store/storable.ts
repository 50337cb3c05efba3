/**
 * True when some text in a value cannot be stored: PostgreSQL's text holds no NUL, and its jsonb no half of a surrogate pair. JSON and percent-encoding
 * can carry both. Looks into arrays and objects, however deep; bytes are not text.
 */
export function holdsUnstorable(value: unknown): boolean {
  const rest: unknown[] = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next === 'string') {
      if (next.includes('\u0000') || !next.isWellFormed()) return true;
    } else if (Array.isArray(next)) {
      for (const item of next) rest.push(item);
    } else if (typeof next === 'object' && next !== null && !ArrayBuffer.isView(next)) {
      for (const [key, item] of Object.entries(next)) rest.push(key, item);
    }
  }
  return false;
}
