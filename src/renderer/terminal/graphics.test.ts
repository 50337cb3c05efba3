import { describe, expect, it } from 'vitest';
import { GraphicsShare } from './graphics.ts';

describe('the share of graphics contexts', () => {
  it('gives fewer than the browser has, and the next one when one comes back', () => {
    const shares = Array.from({ length: 20 }, () => new GraphicsShare());
    const held = shares.filter((share) => share.take());
    expect(held).toHaveLength(12);
    expect(held[0]?.take()).toBe(true);
    held[0]?.giveBack();
    expect(shares[19]?.take()).toBe(true);
    for (const share of shares) share.giveBack();
  });

  it('tries again after a loss, but not for ever', () => {
    const share = new GraphicsShare();
    expect([share.take(), share.lost()]).toEqual([true, true]);
    expect([share.take(), share.lost()]).toEqual([true, true]);
    expect([share.take(), share.lost()]).toEqual([true, false]);
    expect(share.take()).toBe(false);
    const refused = new GraphicsShare();
    refused.refuse();
    expect(refused.take()).toBe(false);
  });
});
