import type { SearchHit } from '../../../shared/model/review.ts';

/** The hits of one recording, in its order. */
export interface HitGroup {
  key: string;
  sessionId: string;
  first: SearchHit;
  hits: { key: string; hit: SearchHit }[];
}

/** Hits by recording, in the order in which they came. Pure. */
export function groupHits(hits: readonly SearchHit[]): HitGroup[] {
  const groups: HitGroup[] = [];
  const byId = new Map<string, HitGroup>();
  for (const [at, hit] of hits.entries()) {
    const key = `${hit.kind} ${hit.sessionId}`;
    let group = byId.get(key);
    if (group === undefined) {
      group = { key, sessionId: hit.sessionId, first: hit, hits: [] };
      byId.set(key, group);
      groups.push(group);
    }
    group.hits.push({ key: `${key} ${hit.atMs} ${at}`, hit });
  }
  return groups;
}

/**
 * Output without the echo of what was typed: the line that a command stands on is shown by the target as well, behind its prompt, and is found there a second
 * time and at another moment. Pure.
 */
export function withoutEchoes(output: readonly SearchHit[], commands: readonly SearchHit[]): SearchHit[] {
  const entered = new Map<string, string[]>();
  for (const { sessionId, text } of commands) {
    const line = text.trim();
    if (line !== '') entered.set(sessionId, [...(entered.get(sessionId) ?? []), line]);
  }
  return output.filter((hit) => {
    const line = hit.text.trimEnd();
    return entered.get(hit.sessionId)?.some((command) => line.endsWith(command)) !== true;
  });
}

/** A text in pieces, each with whether it is a searched word. Marks that are out of order or beyond the text are cut to it. Pure. */
export function markedPieces(
  text: string,
  marks: readonly (readonly [number, number])[],
): { text: string; marked: boolean; at: number }[] {
  const pieces: { text: string; marked: boolean; at: number }[] = [];
  let at = 0;
  const push = (to: number, marked: boolean) => {
    if (to > at) pieces.push({ text: text.slice(at, to), marked, at });
    at = Math.max(at, to);
  };
  for (const [from, to] of [...marks].sort((a, b) => a[0] - b[0])) {
    push(Math.min(from, text.length), false);
    push(Math.min(to, text.length), true);
  }
  push(text.length, false);
  return pieces;
}

/** How much of a text before its first match is cut away, so that a row shows the match: about `before` characters stay. Pure. */
export function startOfShown(marks: readonly (readonly [number, number])[], before = 24): number {
  const first = marks.reduce((least, [from]) => Math.min(least, from), Number.POSITIVE_INFINITY);
  return Number.isFinite(first) && first > before * 2 ? first - before : 0;
}

/** Which recordings were left out of a search, and why; null when none was. Pure. */
export function notSearchedWords(notSearched: { pending: number; closed: number }, mine: boolean): string | null {
  const { pending, closed } = notSearched;
  const many = (count: number) => `${count.toLocaleString('en')} recording${count === 1 ? '' : 's'}`;
  const parts = [
    pending === 0 ? null : `${many(pending)} whose text is not in the index yet`,
    closed === 0 ? null : `${many(closed)} whose text ${mine ? 'is closed to you' : 'you may not open'}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : `Not searched: ${parts.join(', ')}.`;
}
