import { describe, expect, it } from 'vitest';
import { CheckList } from './checks.ts';
import { sayLevel } from './evidence-level.ts';

const anchors = { held: 2, opened: true, exchanges: [] };

function levelAfter(bad: string | null): { level: string; words: string | undefined } {
  const list = new CheckList();
  if (bad !== null) list.bad(bad, 'somewhere', 'is not as it must be');
  const level = sayLevel(anchors, { held: true, compared: bad === null }, list);
  return { level, words: list.checks.find(({ name }) => name === 'evidence')?.detail };
}

describe('the level of a recording', () => {
  it('counts nothing that does not hold, and does not say of it that it was only not compared', () => {
    expect(levelAfter(null)).toEqual({ level: 'anchored-with-wire', words: 'anchored with wire' });
    expect(levelAfter('crossing')).toEqual({
      level: 'recorder-only',
      words: 'recorder only; what does not hold counts for nothing: crossing',
    });
    expect(levelAfter('wire')).toEqual({
      level: 'anchored',
      words: 'anchored; what does not hold counts for nothing: wire',
    });
    expect(levelAfter('anchors').level).toBe('wire-only');
  });
});
