/** Where words are in a text: [from, to) in UTF-16 units, in order, not overlapping. */
export type Marks = [from: number, to: number][];

/** The words of what was typed, in lower case. */
export function wordsOf(query: string): string[] {
  return query.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Where all words are in `text`, with how well: 0 is best (each begins a word). Null when one of them is not there. Pure. */
export function matchWords(text: string, words: readonly string[]): { marks: Marks; score: number } | null {
  const lower = text.toLowerCase();
  const found: Marks = [];
  let score = 0;
  for (const word of words) {
    const starts = new RegExp(`(?:^|[^\\p{L}\\p{N}])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'u').exec(lower);
    const at = starts === null ? lower.indexOf(word) : starts.index + starts[0].length - word.length;
    if (at < 0) return null;
    if (starts === null) score += 1;
    found.push([at, at + word.length]);
  }
  return { marks: joined(found), score };
}

function joined(ranges: Marks): Marks {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const out: Marks = [];
  for (const [from, to] of sorted) {
    const last = out.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else out.push([from, to]);
  }
  return out;
}

export type PaletteMode = 'all' | 'actions' | 'people' | 'history';

/** What was typed, taken apart: a first sign narrows to one kind. */
export function readQuery(text: string): { mode: PaletteMode; words: string } {
  const modes: Readonly<Record<string, PaletteMode>> = { '>': 'actions', '@': 'people', '/': 'history' };
  const mode = modes[text.trimStart()[0] ?? ''];
  return mode === undefined ? { mode: 'all', words: text.trim() } : { mode, words: text.trimStart().slice(1).trim() };
}
