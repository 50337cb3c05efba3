import { describe, expect, it } from 'vitest';
import type { PartStart } from '../shared/protocol/replay.ts';
import { PartStore } from './part-store.ts';
import { type LoadedPart, pack } from './parts.ts';

const start: PartStart = { cols: 80, rows: 24, init: null };
const partBytes = 1000;

/** Parts of 1,000 bytes and a second each; what was loaded is written down. */
function makeParts(count: number, special: (index: number) => Partial<LoadedPart> = () => ({})) {
  const loads: number[] = [];
  const parts = Array.from({ length: count }, (_, index) => ({
    t0: index * 1000,
    t1: index * 1000 + 900,
    async load(): Promise<LoadedPart> {
      loads.push(index);
      const data = Buffer.alloc(partBytes, 97 + (index % 26));
      return { block: pack([{ atMs: index * 1000, code: 'o', data }]), start, fault: null, ...special(index) };
    },
  }));
  return { parts, loads };
}

describe('the store of parts', () => {
  it('keeps what was used last, within its bytes', async () => {
    const { parts, loads } = makeParts(10);
    const store = new PartStore(parts, 3100);
    for (const index of [0, 1, 2, 0, 3]) await store.load(index);
    expect(store.keptBytes).toBeLessThanOrEqual(3100);
    await store.load(0);
    expect(loads).toEqual([0, 1, 2, 3]);
    await store.load(1);
    expect(loads).toEqual([0, 1, 2, 3, 1]);
  });

  it('fetches a part once that is asked for twice at once, and again after it failed', async () => {
    const { parts, loads } = makeParts(2);
    const store = new PartStore(parts);
    const [one, two] = await Promise.all([store.load(1), store.load(1)]);
    expect(one).toBe(two);
    expect(loads).toEqual([1]);
    let tries = 0;
    const load = () => {
      tries += 1;
      return Promise.reject(new Error(`${tries}`));
    };
    const failing = new PartStore([{ t0: 0, t1: 0, load }]);
    await expect(failing.load(0)).rejects.toThrow('1');
    await expect(failing.load(0)).rejects.toThrow('2');
  });

  it('takes what is offered only where there is room', async () => {
    const { parts, loads } = makeParts(4);
    const store = new PartStore(parts, 2100);
    await store.load(0);
    for (const index of [1, 2, 3])
      store.offer(index, { block: pack([{ atMs: 0, code: 'o', data: Buffer.alloc(1000) }]), start, fault: null });
    await store.load(0);
    await store.load(1);
    expect(loads).toEqual([0]);
  });

  it('seeks to the last part that begins by then and knows its screen', async () => {
    const { parts, loads } = makeParts(10, (index) =>
      index === 6 ? { start: null } : index === 5 ? { start: null, fault: 'bad' } : {},
    );
    const store = new PartStore(parts);
    expect((await store.seek(3999)).index).toBe(3);
    expect(loads).toEqual([3]);
    expect((await store.seek(6500)).index).toBe(4);
    expect((await store.seek(-5)).index).toBe(0);
    expect((await store.seek(99_999)).index).toBe(9);
  });

  it('reads by time across parts', async () => {
    const { parts, loads } = makeParts(10);
    const store = new PartStore(parts);
    const times = [];
    for await (const event of store.read(2500, 5001)) times.push(event.atMs);
    expect(times).toEqual([3000, 4000, 5000]);
    expect(loads).toEqual([2, 3, 4, 5].filter((index) => index !== 2 || loads.includes(2)));
  });

  it('lets the background wait while somebody waits', async () => {
    const store = new PartStore([]);
    const order: string[] = [];
    let release: () => void = () => {};
    const served = store.serve(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const quiet = store.quiet().then(() => order.push('quiet'));
    await Promise.resolve();
    order.push('serving');
    release();
    await Promise.all([served, quiet]);
    expect(order).toEqual(['serving', 'quiet']);
  });
});
