import { afterEach, describe, expect, it, vi } from 'vitest';
import { publicKeyBlob, verifyBlob } from '../../recording/signatures/keys.ts';
import { makeLoginKeys } from './login-keys.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('the login keys of sessions', () => {
  it('are taken out once, by whoever is first, and sign for the certified half', async () => {
    const keys = makeLoginKeys();
    const publicKey = await keys.make('a', 1000);
    const sign = await keys.take('a');
    expect([await keys.take('a'), keys.size]).toEqual([null, 0]);
    const bytes = Buffer.from('bytes');
    expect(verifyBlob(publicKeyBlob(publicKey), bytes, sign?.(bytes) ?? Buffer.alloc(0))).toBe(true);
  });

  it('are not given for a session that never had one, dropped it, or has one already', async () => {
    const keys = makeLoginKeys();
    await keys.make('a', 1000);
    await expect(keys.make('a', 1000)).rejects.toThrow();
    keys.drop('a');
    expect([await keys.take('a'), await keys.take('b'), keys.size]).toEqual([null, null, 0]);
  });

  it('are gone when their time is over, without being asked for', async () => {
    vi.useFakeTimers();
    const keys = makeLoginKeys();
    await keys.make('a', 1000);
    vi.advanceTimersByTime(999);
    expect(keys.size).toBe(1);
    vi.advanceTimersByTime(1);
    expect([keys.size, await keys.take('a')]).toEqual([0, null]);
  });
});
