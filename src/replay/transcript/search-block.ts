import type { ReplayToScreen } from '../../shared/protocol/replay.ts';
import { lineAt, lineHolding, placeOf, type TextBlock } from './text-block.ts';

export type Hit = Extract<ReplayToScreen, { type: 'found' }>['hits'][number];

/** Characters of a hit's line that are given, and how many of them come before the first match. */
const shownAtMost = 400;
const shownBefore = 80;
const marksAtMost = 50;

/** Text without regard to case, unit by unit: every place in it is the same place in the original. */
export function folded(text: string): string {
  const lower = text.toLowerCase();
  // The one letter whose small form is longer; and the sigma that differs at the end of a word.
  const even = lower.length === text.length ? lower : text.replaceAll('\u0130', 'I').toLowerCase();
  return even.replaceAll('\u03c2', '\u03c3');
}

/**
 * Finds lines of a block that hold `wanted`, which is folded. `first`: the block's first line in the transcript. `take` gets a hit for each while `wants` says so;
 * the others are only counted. A gap is no hit. Returns how many lines there are.
 */
export function searchBlock(
  block: TextBlock,
  wanted: string,
  first: number,
  { wants, take }: { wants: () => boolean; take: (hit: Hit) => void },
): number {
  const text = folded(block.text);
  let count = 0;
  for (let at = text.indexOf(wanted); at !== -1; ) {
    const index = lineHolding(block, at);
    const [from, to] = placeOf(block, index);
    // Past a match that would go over the line's end, this line may hold another one only if it is longer than it is.
    if (at + wanted.length <= to) {
      const line = lineAt(block, index);
      if (line !== null && line.kind !== 'gap') {
        count += 1;
        if (wants()) {
          const shown = around(line.text, text.slice(from, to), wanted);
          const { atMs, kind, seenMs } = line;
          take({ line: first + index, atMs, ...(seenMs === undefined ? {} : { seenMs }), kind, ...shown });
        }
      }
    }
    at = text.indexOf(wanted, to + 1);
  }
  return count;
}

/** The piece of a line around its first match, and where the matches are in that piece. */
function around(line: string, text: string, wanted: string): Pick<Hit, 'text' | 'marks'> {
  const firstAt = text.indexOf(wanted);
  const from = line.length <= shownAtMost ? 0 : onBoundary(line, Math.max(0, firstAt - shownBefore));
  const to = onBoundary(line, Math.min(line.length, from + Math.max(shownAtMost, firstAt - from + wanted.length)));
  const before = from > 0 ? '…' : '';
  const marks: Hit['marks'] = [];
  for (let at = firstAt; at !== -1 && at + wanted.length <= to && marks.length < marksAtMost; ) {
    marks.push([at - from + before.length, at - from + before.length + wanted.length]);
    at = text.indexOf(wanted, at + wanted.length);
  }
  return { text: `${before}${line.slice(from, to)}${to < line.length ? '…' : ''}`, marks };
}

/** Never between the halves of a character. */
function onBoundary(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
