import { isPromptPattern } from './prompt-rule.ts';

/**
 * Each repetition multiplies the work on a prompt by its length (at most 256 characters), and so does a pattern that may begin anywhere in it: three
 * together are some 20 ms, four are seconds, in which a target would hold up everything else. Each `?` may double it.
 */
const mostRepeats = 3;
const mostOptional = 8;

/**
 * Why a pattern for prompts is not taken, in words; null when it is. A target chooses the text that a pattern is tried on, so a pattern whose matching
 * can take exponential time (a repeated group that repeats, chooses or leaves out inside; a reference back) is refused, and so are many repetitions.
 */
export function promptPatternFault(pattern: string): string | null {
  if (!isPromptPattern(pattern)) return 'is not a regular expression';
  if (/\\(?:[1-9]|k<)/.test(pattern)) return 'refers back to a group, which can take for ever to match';
  let anchored = pattern.startsWith('^');
  let repeats = 0;
  let optional = 0;
  const groups = [{ inside: false }];
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at);
    const atom = /^(?:\\(?:u\{[^}]*\}|[pP]\{[^}]*\}|.)|\[(?:\\.|[^\]\\])*\])/su.exec(rest)?.[0];
    const group = groups.at(-1) ?? { inside: false };
    if (atom !== undefined) {
      at += atom.length - 1;
    } else if (rest.startsWith('(')) {
      groups.push({ inside: false });
      at += (/^\((?:\?(?:[:=!]|<[=!]|<\w+>))?/.exec(rest)?.[0].length ?? 1) - 1;
    } else if (rest.startsWith('|')) {
      group.inside = true;
      if (groups.length === 1) anchored = false;
    } else if (rest.startsWith(')')) {
      groups.pop();
      const outer = groups.at(-1) ?? { inside: false };
      if (group.inside) {
        if (/^(?:[*+]|\{)/.test(rest.slice(1)))
          return 'repeats a group that repeats, chooses or leaves out inside, which can take for ever to match';
        outer.inside = true;
      }
    } else if (rest.startsWith('?')) {
      group.inside = true;
      optional += 1;
    } else {
      const quantifier = quantifierAt(rest);
      if (quantifier === null) continue;
      group.inside = true;
      repeats += 1;
      at += quantifier.length - 1;
    }
  }
  if (optional > mostOptional) return `leaves something out ("?") more than ${mostOptional} times`;
  if (anchored) return repeats > mostRepeats ? `has more than ${mostRepeats} repetitions` : null;
  return repeats >= mostRepeats
    ? `has more than ${mostRepeats - 1} repetitions and may begin anywhere; begin it with "^"`
    : null;
}

/** A quantifier that can match in many ways at the beginning of the text; `{n}` of one thing matches in one. */
function quantifierAt(text: string): string | null {
  return /^(?:[*+]|\{\d+,\d*\})\??/.exec(text)?.[0] ?? null;
}
