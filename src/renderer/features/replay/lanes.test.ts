import { describe, expect, it } from 'vitest';
import { laneMarks, ticksPath } from './lanes.ts';
import type { ListedMark } from './mark-words.ts';

const by = { id: 'm', name: 'Mira' };
const mark = (atMs: number, kind: ListedMark['kind'], text: string): ListedMark => ({ atMs, kind, text, times: 1 });

describe('the lane of marks', () => {
  it('makes one sign of what is close, the weightiest, and names all of it', () => {
    const signs = laneMarks(
      {
        marks: [mark(1000, 'resize', '80x24'), mark(500_000, 'exit', '0')],
        bookmarks: [{ id: 'b', atMs: 2000, text: 'look', by, at: '', mine: true }],
        findings: [],
      },
      1_000_000,
      1000,
    );
    expect(signs).toEqual([
      { atMs: 1000, icon: 'bookmark', words: ['0:01 Resized to 80 × 24', '0:02 Bookmark of Mira: look'] },
      { atMs: 500_000, icon: 'exit', words: ['8:20 The shell exited with status 0'] },
    ]);
  });

  it('has few signs and few ticks for eight hours with thousands of marks and commands', () => {
    const eight = 8 * 3_600_000;
    const many = Array.from({ length: 5000 }, (_, index) => index * 5760);
    const began = performance.now();
    const signs = laneMarks(
      { marks: many.map((at) => mark(at, 'marker', 'x')), bookmarks: [], findings: [] },
      eight,
      900,
    );
    expect(signs.length).toBeLessThan(45);
    expect(signs[0]?.words).toHaveLength(7);
    const ticks = ticksPath(many, eight, 900, { from: 4, height: 10, width: 2 });
    expect(ticks.split('M').length).toBeLessThan(903);
    expect(performance.now() - began).toBeLessThan(60);
  });

  it('keeps ticks inside', () => {
    expect(ticksPath([-5, 200], 100, 50, { from: 0, height: 4, width: 2 })).toBe('M0 0h2v4h-2zM48 0h2v4h-2z');
  });
});
