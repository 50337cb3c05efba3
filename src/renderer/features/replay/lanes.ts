import type { Bookmark, Finding } from '../../../shared/model/review.ts';
import { position } from '../../services/format.ts';
import type { MomentIcon } from './mark-icon.tsx';
import { type ListedMark, listedWords, subjectOf } from './mark-words.ts';

/** One sign in the lane of marks; several moments that are close are one sign. */
export interface LaneMark {
  atMs: number;
  icon: MomentIcon;
  /** What it stands for, one line per moment. */
  words: string[];
}

/** What is worth more stands for those beside it. */
const worth: Readonly<Record<MomentIcon, number>> = {
  kill: 9,
  finding: 8,
  bookmark: 7,
  freeze: 6,
  watch: 5,
  marker: 4,
  exit: 3,
  resize: 2,
  idle: 1,
  input: 0,
};
/** Signs are not closer than this, in px. */
const apart = 23;
const wordsAtMost = 6;

/**
 * Marks, bookmarks and findings as signs on a lane of `width` px, in order of time: what would overlap is one sign, the weightiest's. Pure.
 */
export function laneMarks(
  given: {
    marks: readonly ListedMark[];
    bookmarks: readonly Bookmark[];
    findings: readonly Finding[];
  },
  durationMs: number,
  width: number,
): LaneMark[] {
  const single = [
    ...given.marks.map((mark): LaneMark => ({ atMs: mark.atMs, icon: subjectOf(mark), words: [listedWords(mark)] })),
    ...given.bookmarks.map(
      (bookmark): LaneMark => ({
        atMs: bookmark.atMs,
        icon: 'bookmark',
        words: [`Bookmark of ${bookmark.by.name}${bookmark.text === '' ? '' : `: ${bookmark.text}`}`],
      }),
    ),
    ...given.findings.map(
      (finding): LaneMark => ({ atMs: finding.atMs, icon: 'finding', words: [`Finding: ${finding.title}`] }),
    ),
  ]
    .map((mark) => ({ ...mark, words: mark.words.map((words) => `${position(mark.atMs)} ${words}`) }))
    .sort((a, b) => a.atMs - b.atMs);
  const gapMs = (apart * durationMs) / Math.max(1, width);
  const signs: LaneMark[] = [];
  let startedAt = -Infinity;
  for (const mark of single) {
    const before = signs.at(-1);
    if (before === undefined || mark.atMs - startedAt >= gapMs) {
      signs.push(mark);
      startedAt = mark.atMs;
      continue;
    }
    before.words.push(...mark.words);
    if (worth[mark.icon] > worth[before.icon]) before.icon = mark.icon;
  }
  return signs.map((sign) =>
    sign.words.length <= wordsAtMost
      ? sign
      : { ...sign, words: [...sign.words.slice(0, wordsAtMost), `and ${sign.words.length - wordsAtMost} more`] },
  );
}

/** Ticks for times, as one path of lines of `height` px: any number of them is one thing to draw, and no more than one per px. Pure. */
export function ticksPath(
  times: readonly number[],
  durationMs: number,
  width: number,
  tick: { from: number; height: number; width: number },
): string {
  const places = new Set(times.map((ms) => Math.round((Math.min(durationMs, Math.max(0, ms)) / durationMs) * width)));
  return [...places]
    .map(
      (x) =>
        `M${Math.min(width - tick.width, Math.max(0, x - tick.width / 2))} ${tick.from}h${tick.width}v${tick.height}h-${tick.width}z`,
    )
    .join('');
}
