import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Stream } from '../../src/shared/model/recording.ts';
import { highWater } from '../../src/shared/protocol/session-port.ts';
import { type ByteTarget, startByteTarget } from '../harness/session/byte-target.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World } from '../harness/session/session-world.ts';

let target: ByteTarget;
let world: World | undefined;
beforeAll(async () => {
  buildSession();
  target = await startByteTarget();
});
afterAll(() => target?.stop());
afterEach(async () => {
  await world?.stop();
  if (world !== undefined) rmSync(world.folder, { recursive: true, force: true });
});

async function recorded(of: World, stream: Stream, code: string): Promise<string[]> {
  const events = await recordedEvents(of.folder, stream, of.identities[stream]);
  return events.filter((event) => event.code === code).map(({ data }) => Buffer.from(data).toString());
}

/** What is recorded as typed and as the terminal's size is what the target was told: a kept wire is held against it. */
describe('a record', () => {
  it('has nothing that was typed, and no size, after the program had ended', async () => {
    const played = target.play(async (stage) => {
      await stage.typed(1);
      // More than a screen takes that draws nothing, and less than the channel's window: the end is heard, and output still waits.
      await stage.write(Buffer.alloc(highWater + 300_000, 'x'));
    });
    const full = Promise.withResolvers<void>();
    world = await startSession({
      sshd: target.sshd,
      draws: false,
      output: (_data, end) => {
        if (end >= highWater) full.resolve();
      },
    });
    await world.owner('state', (message) => message.state.state === 'open');
    world.type('a');
    await full.promise;
    // Nothing says that the end was heard. The output that waits is shown 1.5 s after it.
    await delay(700);
    world.type('late');
    world.screen({ type: 'resize', cols: 91, rows: 21 });
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit' }, complete: true });
    const { received } = await played;
    expect(Buffer.concat(received).toString()).toBe('a');
    expect((await recorded(world, 'input', 'i')).join('')).toBe('a');
    expect(await recorded(world, 'output', 'r')).toEqual([]);
  });

  it('begins with the size that the target was asked for, however often the screen changes before', async () => {
    const played = target.play((stage) => stage.typed(1));
    world = await startSession({
      sshd: target.sshd,
      answerAfter: async () => world?.screen({ type: 'resize', cols: 99, rows: 31 }),
    });
    world.screen({ type: 'resize', cols: 98, rows: 30 });
    await world.owner('state', (message) => message.state.state === 'open');
    world.type('a');
    await world.ended();
    expect((await played).sizes).toEqual(['80x24', '99x31']);
    expect(await recorded(world, 'output', 'r')).toEqual(['99x31']);
  });
});
