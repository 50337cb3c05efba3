import { describe, expect, it } from 'vitest';
import { makeOutputPump } from './output-pump.ts';

/** A terminal that is done with a write when the test says so. */
function makeTarget() {
  const writes: Uint8Array[] = [];
  const waiting: (() => void)[] = [];
  return {
    writes,
    write: (data: Uint8Array, done: () => void) => {
      writes.push(data);
      waiting.push(done);
    },
    finish: () => waiting.shift()?.(),
  };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data);

describe('the output pump', () => {
  it('acknowledges an offset only after it is drawn', () => {
    const target = makeTarget();
    const acknowledged: number[] = [];
    const pump = makeOutputPump(target, (end) => acknowledged.push(end));
    pump.push(bytes('abc'), 3);
    expect(acknowledged).toEqual([]);
    target.finish();
    expect(acknowledged).toEqual([3]);
  });

  it('writes one at a time and joins what came meanwhile, in order', () => {
    const target = makeTarget();
    const acknowledged: number[] = [];
    const pump = makeOutputPump(target, (end) => acknowledged.push(end));
    pump.push(bytes('a'), 1);
    pump.push(bytes('bc'), 3);
    pump.push(bytes('d'), 4);
    expect(target.writes).toHaveLength(1);
    target.finish();
    expect(text(target.writes[1])).toBe('bcd');
    target.finish();
    expect(acknowledged).toEqual([1, 4]);
    expect(pump.pendingBytes()).toBe(0);
  });

  it('keeps a write at most 256 KiB unless one chunk is larger', () => {
    const target = makeTarget();
    const pump = makeOutputPump(target, () => {});
    pump.push(new Uint8Array(1), 1);
    for (let chunk = 1; chunk <= 6; chunk += 1) pump.push(new Uint8Array(65_536), 1 + chunk * 65_536);
    target.finish();
    expect(target.writes[1]?.length).toBe(4 * 65_536);
    target.finish();
    expect(target.writes[2]?.length).toBe(2 * 65_536);
  });
});
