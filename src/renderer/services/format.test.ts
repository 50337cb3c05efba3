import { describe, expect, it } from 'vitest';
import * as format from './format.ts';

describe('format', () => {
  it.each([
    [412, '412 B'],
    [48_000, '48 KB'],
    [1_812_000, '1.8 MB'],
    [12_448_000, '12 MB'],
    [999_999, '1.0 MB'],
    [2_100_000_000, '2.1 GB'],
  ])('%d bytes', (count, text) => {
    expect(format.bytes(count)).toBe(text);
  });

  it.each([
    [300, '0.3 s ago'],
    [21_000, '21 s ago'],
    [4 * 60_000, '4 min ago'],
    [-50, '0.0 s ago'],
  ])('%d ms ago', (ms, text) => {
    expect(format.ago(ms)).toBe(text);
  });

  it.each([
    [0, '0:00'],
    [65_000, '1:05'],
    [980_000, '16:20'],
    [3_723_000, '1:02:03'],
  ])('position %d', (ms, text) => {
    expect(format.position(ms)).toBe(text);
  });

  it.each([
    [1_136_000, '18 min 56 s'],
    [52_000, '52 s'],
    [3_720_000, '1 h 02 min'],
    [200, '0.2 s'],
  ])('length %d', (ms, text) => {
    expect(format.length(ms)).toBe(text);
  });

  it('says when a target was used', () => {
    const now = new Date(2026, 10, 24, 14, 40).getTime();
    const at = (day: number, hour: number) => format.lastUsed(new Date(2026, 10, day, hour).getTime(), now);
    expect([at(24, 14), at(24, 12), at(23, 23), at(19, 9), at(12, 9)]).toEqual([
      '40 min ago',
      '2 h ago',
      'Yesterday',
      'Thu',
      '12 Nov',
    ]);
  });

  it('says a day in lower case inside a sentence', () => {
    const now = new Date(2026, 10, 24, 14, 0).getTime();
    expect([1, 24, 96].map((hours) => format.whenInSentence(now - hours * 3_600_000, now))).toEqual([
      'today 13:00',
      'yesterday 14:00',
      'Fri 20 Nov 14:00',
    ]);
  });

  it('makes initials from any name', () => {
    expect(['Jonas Lindqvist', 'åsa', 'Élan de la Cruz', ''].map(format.initials)).toEqual(['JL', 'ÅS', 'ÉC', '?']);
  });

  it('leaves the usual port out', () => {
    expect(format.shortAddress('10.0.0.1:22')).toBe('10.0.0.1');
    expect(format.shortAddress('10.0.0.1:2222')).toBe('10.0.0.1:2222');
  });
});

describe('fact', () => {
  it('reads an instant as local time and leaves the rest alone', () => {
    const at = new Date(2026, 10, 24, 9, 37, 5);
    expect(format.fact(at.toISOString())).toBe('Tuesday 24 November, 09:37:05');
    expect(format.fact('Mira Okafor')).toBe('Mira Okafor');
    expect(format.fact('2026-99-99T00:00:00Z')).toBe('2026-99-99T00:00:00Z');
  });
});
