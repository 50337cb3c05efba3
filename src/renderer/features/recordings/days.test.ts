import { describe, expect, it } from 'vitest';
import { parseDays, rangeOf, type When, whenWords } from './days.ts';

// A Tuesday.
const now = new Date(2026, 10, 24, 14, 40).getTime();
const shown = (when: When) => {
  const { fromMs, toMs } = rangeOf(when, now);
  const day = (ms: number) => {
    const date = new Date(ms);
    return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()} ${date.getHours()}`;
  };
  return `${day(fromMs)} .. ${day(toMs)}`;
};

describe('days', () => {
  it.each([
    ['today', '2026-11-24 0 .. 2026-11-25 0'],
    ['yesterday', '2026-11-23 0 .. 2026-11-24 0'],
    ['this-week', '2026-11-23 0 .. 2026-11-30 0'],
    ['last-week', '2026-11-16 0 .. 2026-11-23 0'],
    ['this-month', '2026-11-1 0 .. 2026-12-1 0'],
    ['last-month', '2026-10-1 0 .. 2026-11-1 0'],
  ] as const)('%s', (id, range) => expect(shown({ id })).toBe(range));

  it('take both ends of dates in', () => {
    expect(shown({ id: 'days', from: '2026-11-20', to: '2026-11-22' })).toBe('2026-11-20 0 .. 2026-11-23 0');
  });

  it.each([
    ['2026-11-20', '20 Nov'],
    ['20.11.', '20 Nov'],
    ['20 nov', '20 Nov'],
    ['nov 20', '20 Nov'],
    ['18 Nov to 20 Nov', '18 Nov to 20 Nov'],
    ['18.11. - 20.11.', '18 Nov to 20 Nov'],
    ['march', '1 Mar to 31 Mar'],
    // Not come yet this year.
    ['december', '1 Dec 2025 to 31 Dec 2025'],
    ['25 nov', '25 Nov 2025'],
    ['31 feb', null],
    ['20 nov to 18 nov', null],
    ['priya', null],
    ['12 to', null],
  ])('"%s"', (text, words) => {
    const when = parseDays(text, now);
    expect(when === null ? null : whenWords(when, now)).toBe(words);
  });
});
