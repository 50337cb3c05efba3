/**
 * Text as the index compares it: small letters, of the same length as before, so that a place in one is the place in the other.
 */
export function fold(text: string): string {
  // The one letter whose small form is longer.
  // And the one small letter with a form for the end of a word: a replay's own search compares it so too.
  return text.replaceAll('\u0130', 'i').toLowerCase().replaceAll('ς', 'σ');
}

/** A line as it is kept: composed characters, whole ones, and none that could end a line or move a cursor. The endpoint chose what is in it. */
export function kept(line: string): string {
  return line
    .normalize('NFC')
    .toWellFormed()
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
}

const wordsAtMost = 10;

/** The words that must all be in one line, folded. A phrase in double quotes is one word. */
export function wordsOf(text: string): string[] {
  const found = [...text.normalize('NFC').matchAll(/"([^"]*)"?|[^\s"]+/g)].map(([all, phrase]) =>
    fold(phrase ?? all).trim(),
  );
  return [...new Set(found.filter((word) => word !== ''))].slice(0, wordsAtMost);
}

/** Whether the index of trigrams narrows a search for this word: it looks at letters and digits only, three in a row. */
export function isNarrow(word: string): boolean {
  return /[a-z0-9]{3}/.test(word);
}

/** Where the words are in a folded line, merged and in order; null where one of them is not. */
export function placesOf(folded: string, words: readonly string[]): [number, number][] | null {
  const places: [number, number][] = [];
  for (const word of words) {
    let at = folded.indexOf(word);
    if (at < 0) return null;
    for (; at >= 0; at = folded.indexOf(word, at + word.length)) places.push([at, at + word.length]);
  }
  places.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const merged: [number, number][] = [];
  for (const [from, to] of places) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

const excerptAtMost = 400;
const before = 120;

/** At most 400 characters of a line around the first place, and the places in it. */
export function excerpt(
  line: string,
  places: readonly [number, number][],
): { text: string; marks: [number, number][] } {
  const first = places[0]?.[0] ?? 0;
  let from = line.length <= excerptAtMost ? 0 : Math.max(0, Math.min(first - before, line.length - excerptAtMost));
  let to = Math.min(line.length, from + excerptAtMost);
  // No half of a character at either end.
  if (isTrail(line, from)) from += 1;
  if (to < line.length && isTrail(line, to)) to -= 1;
  const marks = places.flatMap(([start, end]): [number, number][] =>
    end <= from || start >= to ? [] : [[Math.max(start, from) - from, Math.min(end, to) - from]],
  );
  return { text: line.slice(from, to), marks };
}

function isTrail(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return at > 0 && unit >= 0xdc00 && unit <= 0xdfff;
}
