import { describe, expect, it } from 'vitest';
import { isKill, markWords } from './mark-words.ts';

describe('mark words', () => {
  it.each([
    ['resize', '118x34', 'Resized to 118 × 34'],
    ['exit', '0', 'The shell exited with status 0'],
    ['exit', 'signal TERM', 'Signal TERM'],
    ['marker', 'killed by Mira Okafor: legal hold', 'Killed by Mira Okafor: legal hold'],
    ['input', 'ls -la', 'ls -la'],
  ] as const)('%s %s', (kind, text, words) => {
    expect(markWords({ atMs: 0, kind, text })).toBe(words);
  });

  it('knows the kill among the markers', () => {
    expect(isKill({ atMs: 0, kind: 'marker', text: 'killed by Mira Okafor: legal hold' })).toBe(true);
    expect(isKill({ atMs: 0, kind: 'input', text: 'killed by hand' })).toBe(false);
  });
});
