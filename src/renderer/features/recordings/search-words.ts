import type { SearchHit } from '../../../shared/model/review.ts';

/** The words of a search: a phrase in double quotes is one. Pure. */
export function searchedWords(text: string): string[] {
  return [...text.matchAll(/"([^"]+)"|([^\s"]+)/g)].map((match) => (match[1] ?? match[2] ?? '').trim()).filter(Boolean);
}

/**
 * What a replay should look for after a search for `text` found `hit`: it looks for one run of characters, so of words that stand apart it gets the longest. Pure.
 */
export function findOf(text: string, hit: Pick<SearchHit, 'text' | 'marks'>): string {
  const words = searchedWords(text);
  const whole = words.join(' ');
  if (words.length < 2 || hit.text.toLowerCase().includes(whole.toLowerCase())) return whole.slice(0, 200);
  const marked = hit.marks.map(([from, to]) => hit.text.slice(from, to));
  return [...marked, ...words.slice(0, 1)]
    .reduce((best, each) => (each.length > best.length ? each : best), '')
    .slice(0, 200);
}

/** `searches` with one more, newest first, each once. Pure. */
export function withSearch(searches: readonly string[], text: string): string[] {
  const trimmed = text.trim();
  if (trimmed.length < 2) return [...searches];
  return [trimmed, ...searches.filter((other) => other.toLowerCase() !== trimmed.toLowerCase())].slice(0, 20);
}
