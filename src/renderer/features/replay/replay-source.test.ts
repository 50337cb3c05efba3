import { afterEach, describe, expect, it, vi } from 'vitest';
import { ReplaySource } from './replay-source.ts';

const { port1, port2 } = new MessageChannel();
afterEach(() => {
  port1.close();
  port2.close();
});

describe('the copy of a recording', () => {
  it('is over with the answer to its request, also when its last progress comes after that', async () => {
    const source = new ReplaySource('r', port1);
    const say = async (done: number) => {
      port2.postMessage({ type: 'exporting', done, total: 4 });
      port2.postMessage({ type: 'progress', what: 'fetching', done, total: 4 });
      await vi.waitFor(() => expect(source.state.get().progress?.done).toBe(done));
    };
    expect([source.exportBegun(), source.exportBegun()]).toEqual([true, false]);
    await say(2);
    expect(source.state.get().exporting).toBe(0.5);
    source.exportEnded();
    await say(4);
    expect(source.state.get().exporting).toBeNull();
    expect(source.exportBegun()).toBe(true);
    await say(1);
    expect(source.state.get().exporting).toBe(0.25);
  });
});
