import { describe, expect, it } from 'vitest';
import { askEveryBytes, askEveryMs, makeWireReserve, reserveBytes } from './wire-reserve.ts';

function disk(size: number) {
  const state = { free: size, asked: 0, now: 0 };
  const ask = () => {
    state.asked += 1;
    return { free: state.free, size };
  };
  return { state, reserve: makeWireReserve('anywhere', ask, () => state.now) };
}

const full = expect.objectContaining({ code: 'SP-5010' });

describe('the reserve of the disk on which wires grow', () => {
  it('asks the disk once a second and once in 16 MiB, not for every packet', () => {
    const { state, reserve } = disk(1e12);
    for (let packet = 0; packet < 100; packet += 1) reserve.take(1000);
    expect(state.asked).toBe(1);
    state.now += askEveryMs;
    reserve.take(1000);
    expect(state.asked).toBe(2);
    reserve.take(askEveryBytes);
    expect(state.asked).toBe(3);
  });

  it.each([
    ['a large one', 1e12, reserveBytes],
    ['a small one', 10_000_000, 500_000],
  ])('refuses below it and goes on when there is room again: %s', (_what, size, bytes) => {
    const { state, reserve } = disk(size);
    state.free = bytes;
    reserve.take(1);
    state.now += askEveryMs;
    state.free = bytes - 1;
    expect(() => reserve.take(1)).toThrow(full);
    expect(() => reserve.take(1)).toThrow(full);
    state.now += askEveryMs;
    state.free = bytes;
    reserve.take(1);
  });

  it('leaves a disk that cannot be asked to who writes to it', () => {
    const reserve = makeWireReserve('/there is no such folder');
    reserve.take(1);
  });
});
