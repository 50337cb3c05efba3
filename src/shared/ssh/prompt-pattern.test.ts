import { describe, expect, it } from 'vitest';
import { promptPatternFault } from './prompt-pattern.ts';
import { defaultPromptPattern } from './prompt-rule.ts';

describe('a pattern for prompts', () => {
  it.each([
    defaultPromptPattern,
    '^kennwort: $',
    '^(enter )?passcode: ?$',
    String.raw`^\(a+\)+: $`,
    '^[(a+)+]+: $',
    '^.* password:',
    '^(?:ab){3}: ',
    '^(user|login) password: $',
    String.raw`^\p{L}+ password: $`,
  ])('is taken: %s', (pattern) => expect(promptPatternFault(pattern)).toBeNull());

  it.each([
    ['(', 'not a regular expression'],
    ['^(a+)+$', 'repeats a group'],
    ['^(a*)*$', 'repeats a group'],
    ['^((a{1,9})b?)+$', 'repeats a group'],
    ['^(a|aa)+$', 'repeats a group'],
    ['^(?:a|ab){2,90}$', 'repeats a group'],
    [String.raw`^(a+)\1$`, 'refers back'],
    [String.raw`^(?<word>a+)\k<word>$`, 'refers back'],
    [String.raw`^(\w\w?){1,64}: $`, 'repeats a group'],
    ['^(?:a|a){40}$', 'repeats a group'],
    ['^.*.*.*.*x$', 'more than 3 repetitions'],
    ['.*.*.*x$', 'more than 2 repetitions'],
    ['^a|.*.*.*x$', 'more than 2 repetitions'],
    [`^${'a?'.repeat(30)}${'a'.repeat(30)}b$`, 'more than 8 times'],
  ])('is not taken: %s', (pattern, why) => expect(promptPatternFault(pattern)).toContain(why));

  it.each([String.raw`^\w*\w*\w*\d$`, String.raw`\w*\w*\d$`, defaultPromptPattern])(
    'that is taken is tried on a hostile prompt in no time: %s',
    (pattern) => {
      expect(promptPatternFault(pattern)).toBeNull();
      const began = performance.now();
      new RegExp(pattern, 'iu').test('a'.repeat(256));
      expect(performance.now() - began).toBeLessThan(500);
    },
  );
});
