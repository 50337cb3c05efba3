import { isPromptPattern } from './prompt-rule.ts';

/** How often a match may have to be tried over: each of these multiplies the work on a prompt by its length (at most 256 characters). */
const mostQuantifiers = 4;

/**
 * Why a pattern for prompts is not taken, in words; null when it is. A target chooses the text that a pattern is tried on, so a pattern whose matching
 * can take exponential time (a repeated group that repeats or chooses inside; a reference back) is refused, and so are many repetitions.
 */
export function promptPatternFault(pattern: string): string | null {
  if (!isPromptPattern(pattern)) return 'is not a regular expression';
  if (/\\(?:[1-9]|k<)/.test(pattern)) return 'refers back to a group, which can take for ever to match';
  let repeats = 0;
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
    } else if (rest.startsWith(')')) {
      groups.pop();
      const outer = groups.at(-1) ?? { inside: false };
      if (group.inside) {
        if (quantifierAt(rest.slice(1)) !== null)
          return 'repeats a group that repeats or chooses inside, which can take for ever to match';
        outer.inside = true;
      }
    } else {
      const quantifier = quantifierAt(rest);
      if (quantifier === null) continue;
      group.inside = true;
      repeats += 1;
      if (repeats > mostQuantifiers) return `has more than ${mostQuantifiers} repetitions`;
      at += quantifier.length - 1;
    }
  }
  return null;
}

/** A quantifier that can match in several ways at the beginning of the text; `?` and `{n}` cannot multiply work. */
function quantifierAt(text: string): string | null {
  return /^(?:[*+]|\{\d+,\d*\})\??/.exec(text)?.[0] ?? null;
}
