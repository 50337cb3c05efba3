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
    ['^.*.*.*.*.*x$', 'more than 4 repetitions'],
  ])('is not taken: %s', (pattern, why) => expect(promptPatternFault(pattern)).toContain(why));

  it('that is taken matches a hostile prompt at once', () => {
    const began = performance.now();
    /^.*.*.*x$/iu.test('a'.repeat(256));
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
