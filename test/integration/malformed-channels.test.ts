import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  closeCodes,
  controlToLauncherSchema,
  launcherToControlSchema,
} from '../../src/shared/protocol/control-channel.ts';
import { nastyFor } from '../harness/malformed.ts';
import { malformedFrame } from '../harness/malformed-frames.ts';
import { connectLauncher, ended, webSocket } from './live-world/sockets.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';
import { openOnlineWorld } from './main-world/launcher-world.ts';

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEkzwJHUf0HnSx1H0nEp8e8L0T2PjzRSBkQ1w8ymU0Q';
let world: World;
let jonas: Device;
let target: Server;
let carried: Socket[];
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown) => unhandled.push(error);

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  world = await startWorld({ limits: { requestsPerPerson: 1_000_000, requestsPerMinute: 1_000_000 } });
  carried = [];
  target = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    carried.push(socket);
  });
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  const { port } = target.address() as { port: number };
  await world.apply(
    [{ name: 'web-01', host: '127.0.0.1', port, logins: [{ name: 'deploy' }], hostKeys: [hostKey] }],
    [`127.0.0.1:${port}`],
  );
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  await world?.close();
  target?.close();
  expect(unhandled).toEqual([]);
});

describe('the control channel, at the server', () => {
  test('what is no message ends it as malformed, said first or after hello', async () => {
    await fc.assert(
      fc.asyncProperty(malformedFrame(launcherToControlSchema), fc.boolean(), async (frame, greets) => {
        const socket = await webSocket(jonas, '/v1/control');
        const closed = ended(socket);
        await once(socket, 'open');
        if (greets) socket.send(JSON.stringify({ type: 'hello', version: 'test', sessions: [] }));
        socket.send(frame);
        // 1007: text that is no UTF-8 does not even become a message (RFC 6455 section 8.1).
        expect([closeCodes.malformed, 1007]).toContain((await closed).code);
      }),
      { numRuns: 60 },
    );
  });

  test('a message of the right shape about things that are not its own ends it too, and never as a failure of the server', async () => {
    await fc.assert(
      fc.asyncProperty(nastyFor(launcherToControlSchema), async (message) => {
        const socket = await webSocket(jonas, '/v1/control');
        const closed = ended(socket);
        await once(socket, 'open');
        socket.send(JSON.stringify({ type: 'hello', version: 'test', sessions: [] }));
        socket.send(JSON.stringify(message));
        // What was taken is answered by an end of our own choosing.
        socket.send('the end');
        expect((await closed).code).toBe(closeCodes.malformed);
      }),
      { numRuns: 40 },
    );
  });

  test('a frame beyond every limit is not read', async () => {
    for (const [size, code] of [
      [70_000, closeCodes.malformed],
      [1_048_577, 1009],
    ]) {
      const socket = await webSocket(jonas, '/v1/control');
      const closed = ended(socket);
      await once(socket, 'open');
      socket.send(JSON.stringify({ type: 'hello', version: 'x'.repeat(size ?? 0), sessions: [] }));
      expect((await closed).code).toBe(code);
    }
  });

  test('afterwards an honest launcher is served', async () => {
    const launcher = await connectLauncher(jonas);
    await launcher.close();
  });
});

describe('the relay, at the server', () => {
  async function wire() {
    const session = await world.open(jonas, 'web-01', 'deploy');
    const before = carried.length;
    const socket = await webSocket(jonas, `/v1/relay/${session.id}`);
    const closed = ended(socket);
    await once(socket, 'open');
    return { socket, closed, before };
  }

  test.each([
    ['text', 'hello', false, closeCodes.malformed],
    ['empty text', '', false, closeCodes.malformed],
    ['what is not SSH', Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(2000)), true, closeCodes.cipherRefused],
    ['zeros', Buffer.alloc(100_000), true, closeCodes.cipherRefused],
    ['an identification without end', Buffer.from(`SSH-2.0-${'x'.repeat(70_000)}`), true, closeCodes.cipherRefused],
    [
      'an impossible packet',
      Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(40, 0xff)]),
      true,
      closeCodes.cipherRefused,
    ],
    ['more than a frame may hold', Buffer.alloc(1_048_577), true, 1009],
  ] as [string, string | Buffer, boolean, number][])('%s ends it', async (_name, frame, binary, code) => {
    const { socket, closed } = await wire();
    socket.send(frame, { binary });
    const end = await closed;
    // A frame that is too long is refused below the relay; the wire then goes with its socket.
    expect(code === 1009 ? [1009, 1006] : [code]).toContain(end.code);
  });

  test('bytes of any kind never make it fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 4 }), async (frames) => {
        const { socket, closed } = await wire();
        for (const frame of frames) socket.send(frame);
        socket.close();
        expect((await closed).code).not.toBe(1011);
      }),
      { numRuns: 15 },
    );
    for (const socket of carried) socket.destroy();
    expect((await world.target(jonas, 'web-01')).name).toBe('web-01');
  });
});

describe('the control channel, at the launcher', () => {
  test('what is no message ends the link, is named, and the launcher tries again', async () => {
    const { app, control, world: launcher } = await openOnlineWorld();
    try {
      const frames = fc
        .sample(malformedFrame(controlToLauncherSchema), { numRuns: 200, seed: 36 })
        .filter((frame) => typeof frame === 'string' && frame.length > 0 && frame.length < 900_000);
      for (const frame of frames.slice(0, 12)) {
        control.send(frame);
        const { problem } = await app.until(() =>
          app.state.connection.state === 'offline' ? app.state.connection : null,
        );
        expect(problem.code).toBe('SP-9002');
        await app.launcher.retry();
        await app.until(() => app.state.connection.state === 'online');
      }
    } finally {
      await launcher.close();
    }
  });
});
