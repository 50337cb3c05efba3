import { expect, test } from 'vitest';
import { spanWords, timeSpan } from './time-span.ts';

test.each([
  ['2h', 7200],
  ['90m', 5400],
  ['1h30m', 5400],
  ['45s', 45],
  ['7d', 604_800],
])('%s is %i seconds', (text, seconds) => {
  expect(timeSpan(text)).toBe(seconds);
});

test.each(['', '2', 'h', '2 h', '-2h', '2h!', '0s', '7d1s', '1w', '1.5h'])('"%s" is no time', (text) => {
  expect(() => timeSpan(text)).toThrow('A time such as');
});

test('is said in as few parts as it has', () => {
  expect([7200, 5400, 45, 90_061, 0].map(spanWords)).toEqual(['2 h', '1 h 30 m', '45 s', '1 d 1 h 1 m 1 s', '0 s']);
});
