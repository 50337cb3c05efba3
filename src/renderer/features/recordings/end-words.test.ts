import { describe, expect, it } from 'vitest';
import { endedItself, endWords } from './end-words.ts';

describe('end words', () => {
  it.each([
    ['exit 0', false, 'Exit 0'],
    ['killed by Mira Okafor: wrong host (SP-1)', false, 'Killed by Mira Okafor: wrong host (SP-1)'],
    ['connect-failed (SP-2104): The relay got no answer.', false, 'Could not connect SP-2104'],
    ['connect-failed (SP-2104): The relay got no answer.', true, 'Could not connect: The relay got no answer. SP-2104'],
  ] as const)('%s', (reason, whole, words) => {
    expect(endWords(reason, whole)).toBe(words);
  });
});

it.each([
  ['exit 0', true],
  ['Exit', true],
  ['Connection lost', false],
  ['Disconnected', false],
  ['connect-failed (SP-2104): The relay got no answer.', false],
  [null, false],
] as const)('%s came to its own end: %s', (reason, itself) => {
  expect(endedItself(reason)).toBe(itself);
});
