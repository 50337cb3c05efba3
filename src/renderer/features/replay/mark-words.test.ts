import { describe, expect, it } from 'vitest';
import { isKill, listedWords, listMarks, type Mark, markWords, subjectOf, watchesOf } from './mark-words.ts';

describe('mark words', () => {
  it.each([
    ['resize', '118x34', 'Resized to 118 × 34'],
    ['exit', '0', 'The shell exited with status 0'],
    ['exit', 'signal TERM', 'Signal TERM'],
    ['marker', 'killed by Mira Okafor: legal hold', 'Killed by Mira Okafor: legal hold'],
    ['input', 'ls -la', 'ls -la'],
    [
      'marker',
      'SHA256:q7Xv9m aes128-gcm@openssh.com curve25519-sha256',
      'Logged in; host key SHA256:q7Xv9m, aes128-gcm, curve25519',
    ],
  ] as const)('%s %s', (kind, text, words) => {
    expect(markWords({ atMs: 0, kind, text })).toBe(words);
  });

  it('lists sizes that follow each other as one, at the first time with the last size', () => {
    const listed = listMarks([
      { atMs: 1, kind: 'resize', text: '80x24' },
      { atMs: 5, kind: 'resize', text: '90x24' },
      { atMs: 9, kind: 'resize', text: '100x30' },
      { atMs: 20, kind: 'input', text: 'ls' },
      { atMs: 30, kind: 'resize', text: '80x24' },
    ]);
    expect(listed.map((mark) => [mark.atMs, listedWords(mark)])).toEqual([
      [1, 'Resized to 100 × 30, in 3 steps'],
      [20, 'ls'],
      [30, 'Resized to 80 × 24'],
    ]);
  });

  it('knows the kill among the markers', () => {
    expect(isKill({ atMs: 0, kind: 'marker', text: 'killed by Mira Okafor: legal hold' })).toBe(true);
    expect(isKill({ atMs: 0, kind: 'input', text: 'killed by hand' })).toBe(false);
  });

  it('knows who watched, and when', () => {
    const marker = (atMs: number, text: string): Mark => ({ atMs, kind: 'marker', text });
    const marks = [
      marker(10, 'Mira Okafor starts watching'),
      marker(20, 'Priya Nair started watching'),
      marker(30, 'Mira Okafor stops watching'),
      marker(40, 'Mira Okafor stops watching'),
    ];
    expect(watchesOf(marks, 100)).toEqual([
      { name: 'Mira Okafor', fromMs: 10, toMs: 30 },
      { name: 'Priya Nair', fromMs: 20, toMs: 100 },
    ]);
    expect(subjectOf(marker(0, 'Mira Okafor starts watching'))).toBe('watch');
    expect(subjectOf(marker(0, 'Contact with the control server is back: what is typed from here on is sent.'))).toBe(
      'freeze',
    );
    expect(subjectOf({ atMs: 0, kind: 'input', text: 'frozen' })).toBe('input');
  });
});
