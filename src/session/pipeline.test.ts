import { describe, expect, it } from 'vitest';
import { SallyportError } from '../shared/errors/result.ts';
import { makePipeline, maxFrame, maxTyped, type PipelineOptions } from './pipeline.ts';

/** A world of fakes that writes down what happened in which order. */
function makeWorld(overrides: Partial<PipelineOptions> = {}) {
  const log: string[] = [];
  const incoming: Uint8Array[] = [];
  const laters: (() => void)[] = [];
  let offset = 0;
  const world = {
    log,
    incoming,
    laters,
    room: true,
    passes: true,
    backlog: null as Promise<void> | null,
    failWrite: false,
    errors: [] as unknown[],
  };
  const text = (data: Uint8Array) => Buffer.from(data).toString('latin1');
  const record = (what: string) => {
    if (world.failWrite) throw new SallyportError('SP-3011', 'disk full');
    log.push(what);
  };
  const pipeline = makePipeline({
    recorder: {
      output(data) {
        record(`record output ${text(data)}`);
        offset += data.length;
        return offset;
      },
      input(data) {
        record(`record input ${text(data)}`);
        return data.length;
      },
      resize: (cols, rows) => record(`record resize ${cols}x${rows}`),
      drained: () => world.backlog,
    },
    target: {
      read: () => incoming.shift() ?? null,
      write: (data) => log.push(`send ${text(data)}`),
      resize: (cols, rows) => log.push(`send resize ${cols}x${rows}`),
    },
    screen: { output: (data, end) => log.push(`show ${text(data)} ${end}`), hasRoom: () => world.room },
    outputPasses: () => world.passes,
    inputPasses: () => world.passes,
    failed: (error) => world.errors.push(error),
    overflow: () => log.push('overflow'),
    later: (run) => laters.push(run),
    ...overrides,
  });
  const bytes = (value: string) => Buffer.from(value, 'latin1');
  return { world, pipeline, bytes };
}

describe('the pipeline', () => {
  it('records output before it is shown, and says the end offset', () => {
    const { world, pipeline, bytes } = makeWorld();
    world.incoming.push(bytes('ab'), bytes('c'));
    pipeline.pump();
    expect(world.log).toEqual(['record output ab', 'show ab 2', 'record output c', 'show c 3']);
  });

  it('records input and size before they go to the target', () => {
    const { world, pipeline, bytes } = makeWorld();
    pipeline.input(bytes('ls\r'));
    pipeline.resize(80, 24);
    expect(world.log).toEqual(['record input ls\r', 'send ls\r', 'record resize 80x24', 'send resize 80x24']);
  });

  it('shows nothing and sends nothing that the recorder did not take, then or later', () => {
    const { world, pipeline, bytes } = makeWorld();
    world.failWrite = true;
    world.incoming.push(bytes('secret'), bytes('more'));
    pipeline.pump();
    world.failWrite = false;
    pipeline.pump();
    pipeline.input(bytes('x'));
    pipeline.resize(1, 1);
    expect(world.log).toEqual([]);
    expect(world.errors).toHaveLength(1);
    const other = makeWorld();
    other.world.failWrite = true;
    other.pipeline.input(bytes('rm'));
    expect(other.world.log).toEqual([]);
    expect(other.world.errors).toHaveLength(1);
  });

  it('leaves bytes with the target while the screen has no room, and drops none', () => {
    const { world, pipeline, bytes } = makeWorld();
    world.incoming.push(bytes('a'), bytes('b'));
    world.room = false;
    pipeline.pump();
    expect(world.log).toEqual([]);
    expect(world.incoming).toHaveLength(2);
    world.room = true;
    pipeline.pump();
    expect(world.log).toEqual(['record output a', 'show a 1', 'record output b', 'show b 2']);
  });

  it('waits for the recorder to catch up', async () => {
    const { world, pipeline, bytes } = makeWorld();
    const backlog = Promise.withResolvers<void>();
    world.backlog = backlog.promise;
    world.incoming.push(bytes('a'));
    pipeline.pump();
    expect(world.log).toEqual([]);
    world.backlog = null;
    backlog.resolve();
    await backlog.promise;
    await Promise.resolve();
    expect(world.log).toEqual(['record output a', 'show a 1']);
  });

  it('gives other messages a turn in the middle of a flood', () => {
    const { world, pipeline, bytes } = makeWorld();
    for (let n = 0; n < 10; n += 1) world.incoming.push(bytes(String(n)));
    pipeline.pump();
    expect(world.log).toHaveLength(8);
    pipeline.stop();
    for (const run of world.laters) run();
    expect(world.log).toHaveLength(8);
  });

  it('holds both directions while nothing may pass', () => {
    const { world, pipeline, bytes } = makeWorld();
    world.passes = false;
    world.incoming.push(bytes('a'));
    pipeline.pump();
    pipeline.input(bytes('x'));
    expect(world.log).toEqual([]);
    expect(world.incoming).toHaveLength(1);
  });

  it('cuts a large paste into frames', () => {
    const { world, pipeline } = makeWorld();
    pipeline.input(Buffer.alloc(2 * maxFrame + 1, 'y'));
    expect(world.log.map((line) => line.replace(/y+$/, (run) => String(run.length)))).toEqual(
      [65_536, 65_536, 1].flatMap((size) => [`record input ${size}`, `send ${size}`]),
    );
  });

  it('lets what is typed wait for the recorder, in order, and not without end', async () => {
    const { world, pipeline, bytes } = makeWorld();
    const backlog = Promise.withResolvers<void>();
    world.backlog = backlog.promise;
    pipeline.input(bytes('a'));
    pipeline.input(bytes('b'));
    expect(world.log).toEqual([]);
    world.backlog = null;
    // The record is small again, but what came first is not sent yet.
    pipeline.input(bytes('c'));
    backlog.resolve();
    await backlog.promise;
    await Promise.resolve();
    expect(world.log).toEqual(['a', 'b', 'c'].flatMap((key) => [`record input ${key}`, `send ${key}`]));
    world.log.length = 0;
    world.backlog = new Promise(() => undefined);
    pipeline.input(Buffer.alloc(maxTyped));
    expect(world.log).toEqual([]);
    pipeline.input(bytes('x'));
    expect(world.log).toEqual(['overflow']);
  });

  it('empties what is left when the target is gone, room or not', () => {
    const { world, pipeline, bytes } = makeWorld();
    world.room = false;
    for (let n = 0; n < 6; n += 1) world.incoming.push(bytes(String(n)));
    pipeline.finish();
    while (world.laters.length > 0) world.laters.shift()?.();
    expect(world.log).toHaveLength(12);
  });
});
