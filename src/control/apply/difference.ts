export interface Difference<T> {
  added: T[];
  changed: T[];
  removed: T[];
}

/**
 * What has to happen to `before` for it to be `after`, by key. Two items are equal when their JSON is, whatever the order of their members (the
 * database keeps its own order).
 */
export function difference<T>(before: readonly T[], after: readonly T[], keyOf: (item: T) => string): Difference<T> {
  const known = new Map(before.map((item) => [keyOf(item), canonical(item)]));
  const wanted = new Set(after.map(keyOf));
  return {
    added: after.filter((item) => !known.has(keyOf(item))),
    changed: after.filter((item) => known.has(keyOf(item)) && known.get(keyOf(item)) !== canonical(item)),
    removed: before.filter((item) => !wanted.has(keyOf(item))),
  };
}

export function counts(found: Difference<unknown>): { added: number; changed: number; removed: number } {
  return { added: found.added.length, changed: found.changed.length, removed: found.removed.length };
}

/** JSON with the members of every object in alphabetic order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
