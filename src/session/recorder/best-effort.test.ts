import { describe, expect, it } from 'vitest';
import { type Problem, SallyportError } from '../../shared/errors/result.ts';
import type { EndReason } from '../../shared/model/session.ts';
import { BestEffortRecorder } from './best-effort.ts';
import type { Recorder } from './recorder.ts';

const diskFull = new SallyportError('SP-3011', 'Stopped.', { facts: { fault: 'ENOSPC' } });

/** A recorder that takes bytes until it is told to fail. */
function make(options: { mayGoOn?: boolean } = {}) {
  const world = {
    failing: false,
    mayGoOn: options.mayGoOn ?? true,
    bytes: { output: 0, input: 0 },
    calls: 0,
    closed: [] as EndReason[],
    stopped: [] as Problem[],
    report: (_: Problem): void => undefined,
  };
  const take = (stream: 'output' | 'input') => (data: Uint8Array) => {
    world.calls += 1;
    if (world.failing) throw diskFull;
    world.bytes[stream] += data.length;
    return world.bytes[stream];
  };
  const fact = () => void take('output')(Buffer.alloc(0));
  const inner: Recorder = {
    output: take('output'),
    input: take('input'),
    resize: fact,
    marker: fact,
    exit: fact,
    drained: () => new Promise(() => undefined),
    head: () => ({ outputBytes: world.bytes.output, inputBytes: world.bytes.input, frames: 0, chain: '' }),
    onHead: () => undefined,
    onSealed: () => undefined,
    onFailed: (listener) => {
      world.report = listener;
    },
    covered: () => ({ lines: 1, digest: '' }),
    headOf: () => null,
    keepAnchor: () => Promise.resolve(),
    receipt: () => undefined,
    sealOpen: () => Promise.resolve(),
    close: (reason) => {
      world.closed.push(reason);
      return Promise.resolve({ complete: true });
    },
  };
  const recorder = new BestEffortRecorder(inner, {
    mayGoOn: () => world.mayGoOn,
    stopped: (problem) => world.stopped.push(problem),
  });
  return { world, recorder };
}

describe('a record that a session may outlive', () => {
  it('lets everything pass once it has failed, with offsets that go on, and is closed with the reason', async () => {
    const { world, recorder } = make();
    expect(recorder.output(Buffer.from('abc'))).toBe(3);
    expect(recorder.input(Buffer.from('x'))).toBe(1);
    world.failing = true;
    expect(recorder.output(Buffer.from('defg'))).toBe(7);
    expect(recorder.output(Buffer.from('h'))).toBe(8);
    expect(recorder.input(Buffer.from('yz'))).toBe(3);
    recorder.resize(100, 30);
    recorder.marker('{}');
    recorder.exit('0');
    expect(recorder.drained()).toBeNull();
    expect(world.calls).toBe(3);
    expect(world.stopped).toHaveLength(1);
    expect(world.stopped[0]?.message).toMatch(/the disk is full\..*the session goes on.*nothing of it is recorded/);
    expect(world.closed).toEqual([{ kind: 'recorder-failed', problem: world.stopped[0] }]);
    expect(await recorder.close({ kind: 'exit', status: 0, signal: null })).toEqual({ complete: true });
    expect(world.closed).toHaveLength(1);
  });

  it('stops as well when the record says by itself that it failed, once', () => {
    const { world, recorder } = make();
    const failed: Problem[] = [];
    recorder.onFailed((problem) => failed.push(problem));
    world.report({ code: 'SP-3011', message: 'a sync failed', facts: { fault: 'EIO' } });
    world.report({ code: 'SP-3011', message: 'and again' });
    expect(recorder.output(Buffer.from('abc'))).toBe(3);
    expect(world).toMatchObject({ calls: 0 });
    expect(world.stopped).toMatchObject([{ code: 'SP-3011', facts: { fault: 'EIO' } }]);
    expect(failed).toEqual([]);
  });

  it('is as strict as any other before the session is open, and at its end', async () => {
    const { world, recorder } = make({ mayGoOn: false });
    const failed: Problem[] = [];
    recorder.onFailed((problem) => failed.push(problem));
    world.failing = true;
    expect(() => recorder.output(Buffer.from('abc'))).toThrow(diskFull);
    expect(() => recorder.marker('{}')).toThrow(diskFull);
    world.report({ code: 'SP-3011', message: 'a sync failed' });
    expect(failed).toHaveLength(1);
    world.mayGoOn = true;
    await recorder.close({ kind: 'idle' });
    world.report({ code: 'SP-3011', message: 'its end could not be written' });
    expect(() => recorder.output(Buffer.from('abc'))).toThrow(diskFull);
    expect(world.stopped).toEqual([]);
    expect(world.closed).toEqual([{ kind: 'idle' }]);
  });
});
