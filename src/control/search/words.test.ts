import { expect, test } from 'vitest';
import { likePattern } from '../store/like.ts';
import { excerpt, fold, isNarrow, kept, placesOf, wordsOf } from './words.ts';

test('words: quotes make a phrase, case and repetition do not count', () => {
  expect(wordsOf('Systemctl "Restart  nginx" systemctl')).toEqual(['systemctl', 'restart  nginx']);
  expect(wordsOf('say "open end')).toEqual(['say', 'open end']);
  expect(wordsOf('"" " "')).toEqual([]);
  expect(wordsOf(Array.from({ length: 30 }, (_, index) => `w${index}`).join(' '))).toHaveLength(10);
});

test('folded text has the places of the text', () => {
  for (const text of ['ÄPFEL im İstanbul', 'ΣΑΣ', 'ẞ𝒳ﬃ', 'K\u212a']) expect(fold(text)).toHaveLength(text.length);
  const line = 'İİ Restart NGINX restart';
  const places = placesOf(fold(line), wordsOf('restart nginx')) ?? [];
  expect(places.map(([from, to]) => line.slice(from, to))).toEqual(['Restart', 'NGINX', 'restart']);
  expect(placesOf(fold(line), ['restart', 'apache'])).toBeNull();
  // Overlapping ones are one place.
  expect(placesOf('ababab', ['abab', 'ba'])).toEqual([[0, 5]]);
});

test('a line is kept without what could end it or move a cursor, and whole', () => {
  expect(kept('a\u0000b\nc\ud800d\u001b[2J')).toBe('a\ufffdb\ufffdc\ufffdd\ufffd[2J');
  expect(kept('e\u0301')).toBe('\u00e9');
});

test('an excerpt has the first place, at most 400 characters, and no half of a character', () => {
  const line = `${'😀'.repeat(300)}needle${'😀'.repeat(300)}`;
  const { text, marks } = excerpt(line, placesOf(fold(line), ['needle']) ?? []);
  expect(text.length).toBeLessThanOrEqual(400);
  expect(text.isWellFormed()).toBe(true);
  expect(marks.map(([from, to]) => text.slice(from, to))).toEqual(['needle']);
  expect(excerpt('short needle', [[6, 12]])).toEqual({ text: 'short needle', marks: [[6, 12]] });
  const end = `${'x'.repeat(900)}needle`;
  expect(excerpt(end, [[900, 906]])).toEqual({ text: end.slice(-400), marks: [[394, 400]] });
});

test('patterns for LIKE take words as they are; the index narrows by letters and digits', () => {
  expect(likePattern('50%_\\')).toBe('%50\\%\\_\\\\%');
  expect(['ls', 'ls -l', '---', 'ls -la /etc', 'abc', 'ab cd'].map(isNarrow)).toEqual([
    false,
    false,
    false,
    true,
    true,
    false,
  ]);
});
