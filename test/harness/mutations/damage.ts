/** What can happen to a row of pieces. */
export const damages = ['truncate', 'drop', 'duplicate', 'reorder', 'substitute', 'splice', 'flip'] as const;
export type Damage = (typeof damages)[number];

/** Numbers that look random and come again with the seed (mulberry32). */
export function makeRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export function flipped(bytes: Buffer, random: (below: number) => number): Buffer {
  const changed = Buffer.from(bytes);
  const at = random(bytes.length);
  changed[at] = (changed[at] ?? 0) ^ (1 << random(8));
  return changed;
}

/**
 * The row with one kind of damage at `at`, or null where it would change nothing: no neighbour to swap with, or the same bytes. `truncate` cuts the row off inside
 * the piece; `splice` puts the piece of another session's row there.
 */
export function damaged(
  row: readonly Buffer[],
  at: number,
  damage: Damage,
  other: readonly Buffer[],
  random: (below: number) => number,
): Buffer[] | null {
  const piece = row[at];
  const next = row[at + 1];
  if (piece === undefined) return null;
  const put = (bytes: Buffer | undefined) =>
    bytes === undefined || bytes.equals(piece) ? null : row.toSpliced(at, 1, bytes);
  switch (damage) {
    case 'truncate':
      return [...row.slice(0, at), piece.subarray(0, random(piece.length))];
    case 'drop':
      return row.toSpliced(at, 1);
    case 'duplicate':
      return row.toSpliced(at, 0, piece);
    case 'reorder':
      return next === undefined || next.equals(piece) ? null : row.toSpliced(at, 2, next, piece);
    case 'substitute':
      return put(row[(at + 1 + random(Math.max(1, row.length - 1))) % row.length]);
    case 'splice':
      return put(other[at] ?? other.at(-1));
    case 'flip':
      return put(flipped(piece, random));
  }
}
