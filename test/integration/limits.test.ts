import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDeviceKey, makeProof } from '../../src/lab/owner/device.ts';
import { closeCodes } from '../../src/shared/protocol/control-channel.ts';
import { connectLauncher, ended, webSocket } from './live-world/sockets.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

/** Milliseconds; short, or the test would be long. */
const limit = 600;
const strangers = 12;
let world: World;
let jonas: Device;
let eeva: Device;
let port: number;

beforeAll(async () => {
  world = await startWorld({
    limits: {
      handshakeMs: limit,
      headersMs: limit,
      bodyMs: limit,
      helloMs: limit,
      headerBytes: 8192,
      strangersPerNetwork: strangers,
      requestsPerMinute: 60,
      requestsPerPerson: 60,
      socketsPerDevice: 3,
      messagesPerSecond: 100,
    },
  });
  port = Number(new URL(world.server.address).port);
  await world.apply([]);
  jonas = await world.enrol('jonas');
  eeva = await world.enrol('eeva');
});
afterAll(() => world?.close());

function tls(): TLSSocket {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    ca: jonas.client.trustRoot,
    checkServerIdentity: () => undefined,
  });
  socket.on('error', () => undefined);
  return socket;
}

/** All that comes until the other side closes, and how long that took. */
async function untilClosed(socket: Socket): Promise<{ text: string; ms: number }> {
  const from = performance.now();
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.on('error', () => undefined);
  // Not `once` of events: it throws when an error comes first, and a connection that is reset is closed all right.
  if (!socket.destroyed) await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { text, ms: performance.now() - from };
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function ask(
  path: string,
  options: {
    device?: Device;
    body?: string | Buffer | Readable;
    headers?: Record<string, string>;
    method?: 'GET' | 'POST' | 'PUT';
  } = {},
) {
  const method = options.method ?? (options.body === undefined ? 'GET' : 'POST');
  const agent = new Agent({ connect: { ca: jonas.client.trustRoot } });
  const { device } = options;
  const proof =
    device === undefined
      ? {}
      : { dpop: await makeProof(device.client.key, method, `${world.server.address}${path.split('?')[0]}`) };
  try {
    const answer = await request(`${world.server.address}${path}`, {
      method,
      headers: { ...proof, ...options.headers },
      body: options.body ?? null,
      dispatcher: agent,
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, json: JSON.parse(text) as Record<string, unknown> };
  } finally {
    await agent.destroy();
  }
}

describe('security 36: what is slow loses its connection', () => {
  test('a TLS handshake that stalls', async () => {
    const { ms } = await untilClosed(connectTcp({ host: '127.0.0.1', port }));
    expect(ms).toBeLessThan(limit * 4);
  });

  test('a handshake after which nothing comes, and headers that trickle', async () => {
    const silent = untilClosed(tls());
    const slow = tls();
    await once(slow, 'secureConnect');
    slow.write('GET /v1/server HTTP/1.1\r\nhost: x\r\n');
    const trickle = setInterval(() => slow.write('x: y\r\n'), 50);
    const ends = await Promise.all([silent, untilClosed(slow)]);
    clearInterval(trickle);
    for (const { ms } of ends) expect(ms).toBeLessThan(limit * 4);
    expect(ends[1].text).toMatch(/^HTTP\/1\.1 408 [\s\S]*application\/problem\+json[\s\S]*SP-5001/);
  });

  test('a WebSocket upgrade that never finishes', async () => {
    const socket = tls();
    await once(socket, 'secureConnect');
    socket.write('GET /v1/control HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n');
    expect((await untilClosed(socket)).ms).toBeLessThan(limit * 4);
  });

  test('a body that trickles, of someone who is known', async () => {
    const body = 'POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n';
    const proof = await makeProof(jonas.client.key, 'POST', `${world.server.address}/v1/sessions`);
    const socket = tls();
    await once(socket, 'secureConnect');
    socket.write(`${body}dpop: ${proof}\r\n\r\n{`);
    const trickle = setInterval(() => socket.write(' '), 50);
    const { ms, text } = await untilClosed(socket);
    clearInterval(trickle);
    expect(ms).toBeLessThan(limit * 4);
    expect(text).toMatch(/^HTTP\/1\.1 408 [\s\S]*application\/problem\+json[\s\S]*SP-5001/);
  });

  test('headers and addresses beyond the limit are answered and nothing else', async () => {
    for (const line of [`GET /${'x'.repeat(9000)} HTTP/1.1`, `GET / HTTP/1.1\r\nx: ${'y'.repeat(9000)}`]) {
      const socket = tls();
      await once(socket, 'secureConnect');
      socket.write(`${line}\r\nhost: x\r\n\r\n`);
      expect((await untilClosed(socket)).text).toMatch(/^HTTP\/1\.1 431 [\s\S]*SP-5005/);
    }
    const socket = tls();
    await once(socket, 'secureConnect');
    socket.write('NOT HTTP AT ALL\r\n\r\n');
    expect((await untilClosed(socket)).text).toMatch(/^HTTP\/1\.1 400 [\s\S]*SP-5001/);
  });
});

describe('security 36: too many', () => {
  test('connections of strangers: the oldest go, and a launcher behind the same address gets in', async () => {
    const held = Array.from({ length: strangers * 2 }, () => connectTcp({ host: '127.0.0.1', port }));
    const closed = held.map((socket) => untilClosed(socket));
    expect((await ask('/v1/me', { device: eeva })).status).toBe(200);
    await Promise.all(closed.slice(0, strangers).map(async (end) => expect((await end).ms).toBeLessThan(limit)));
    for (const socket of held) socket.destroy();
  });

  test('connections of strangers do not push out one on which a device has proved itself', async () => {
    const launcher = await connectLauncher(eeva);
    const held = Array.from({ length: strangers * 2 }, () => connectTcp({ host: '127.0.0.1', port }));
    await Promise.all(held.slice(0, strangers).map((socket) => untilClosed(socket)));
    launcher.say({ type: 'heartbeat' });
    await later(20);
    expect(launcher.socket.readyState).toBe(launcher.socket.OPEN);
    for (const socket of held) socket.destroy();
    await launcher.close();
  });

  test('requests of strangers: 429 with Retry-After, and not for the devices at the same address', async () => {
    const answers = await Promise.all(Array.from({ length: 70 }, () => fromPool('/v1/me')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(refused[0]?.json.code).toBe('SP-5004');
    expect(Number(refused[0]?.retryAfter)).toBeGreaterThanOrEqual(1);
    expect(refused[0]?.json.detail).toContain(`Wait ${refused[0]?.retryAfter} s`);
    expect((await ask('/v1/me', { device: eeva })).status).toBe(200);
  });

  test('requests with proofs by keys that nobody enrolled count as strangers’', async () => {
    const stranger = { ...eeva, client: { ...eeva.client, key: makeDeviceKey() } };
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('/v1/me', { device: stranger })));
    expect(answers.map(({ status }) => status)).toContain(429);
  });

  test('requests of one person: 429 for them alone', async () => {
    const codes: number[] = [];
    for (let at = 0; at < 75 && codes.at(-1) !== 429; at += 1)
      codes.push((await ask('/v1/me', { device: jonas })).status);
    expect(codes.at(-1)).toBe(429);
    expect((await ask('/v1/me', { device: eeva })).status).toBe(200);
  });

  test('sockets of one device', async () => {
    const mira = await world.enrol('mira');
    const open: Awaited<ReturnType<typeof webSocket>>[] = [];
    for (let at = 0; at < 3; at += 1) {
      const socket = await webSocket(mira, '/v1/control');
      socket.on('error', () => undefined);
      await once(socket, 'open');
      // Held open after it was superseded: the socket of one that does not answer its close.
      socket.pause();
      open.push(socket);
    }
    const one = await webSocket(mira, '/v1/control');
    one.on('error', () => undefined);
    const [, answer] = (await once(one, 'unexpected-response')) as [unknown, import('node:http').IncomingMessage];
    expect(answer.statusCode).toBe(429);
    answer.destroy();
    for (const socket of open) socket.terminate();
  });
});

describe('security 36: a control channel', () => {
  test('that never says hello is closed', async () => {
    const socket = await webSocket(eeva, '/v1/control');
    const closed = ended(socket);
    await once(socket, 'open');
    const beat = setInterval(() => socket.send('{"type":"heartbeat"}'), 50);
    expect(await closed).toEqual({ code: closeCodes.malformed, reason: 'no hello' });
    clearInterval(beat);
  });

  test('that says too much is closed', async () => {
    const launcher = await connectLauncher(eeva);
    for (let at = 0; at < 500; at += 1) launcher.say({ type: 'heartbeat' });
    expect(await launcher.closed).toEqual({ code: closeCodes.malformed, reason: 'too many messages' });
  });

  test('that never reads is closed, whether it is told things or asks for pongs', async () => {
    const { hub } = world.server.context.services;
    for (const fill of ['messages', 'pongs']) {
      const launcher = await connectLauncher(eeva);
      launcher.socket.pause();
      const before = process.memoryUsage().rss;
      const gone = new Promise((resolve) => launcher.socket.once('close', resolve));
      for (let round = 0; round < 300 && hub.isConnected(eeva.deviceId); round += 1) {
        for (let at = 0; at < 2000; at += 1) {
          if (fill === 'messages') hub.changed(['targets', 'recordings', 'sessions', 'me'], 'eeva');
          else launcher.socket.ping(Buffer.alloc(125));
        }
        await later(1);
      }
      expect(hub.isConnected(eeva.deviceId)).toBe(false);
      expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
      launcher.socket.terminate();
      await gone;
    }
  });
});

describe('security 34: bodies', () => {
  const bytes = { 'content-type': 'application/octet-stream' };

  test('beyond the limit of their method are 413, stated or not', async () => {
    const henrik = await world.enrol('henrik');
    const json = { 'content-type': 'application/json' };
    const big = Buffer.alloc(8_388_609);
    const cases: [string, 'POST' | 'PUT', Buffer | Readable, Record<string, string>][] = [
      ['/v1/sessions', 'POST', Buffer.alloc(262_145, 0x20), json],
      ['/v1/recordings/x/segments/output/0', 'PUT', big, bytes],
      ['/v1/recordings/x/manifest', 'PUT', Buffer.alloc(9_437_185, 0x20), json],
      // Without a stated length it is counted as it comes.
      [
        '/v1/recordings/x/segments/output/0',
        'PUT',
        Readable.from([big.subarray(0, 5_000_000), big.subarray(5_000_000)]),
        bytes,
      ],
    ];
    for (const [path, method, body, headers] of cases) {
      const answer = await ask(path, { device: henrik, method, body, headers });
      expect([path, answer.status, answer.json.code]).toEqual([path, 413, 'SP-5005']);
    }
  });

  test('that claim more than comes, or less, are not taken', async () => {
    for (const [claimed, sent] of [
      [1000, 10],
      [10, 1000],
    ] as const) {
      const proof = await makeProof(
        eeva.client.key,
        'PUT',
        `${world.server.address}/v1/recordings/x/segments/output/0`,
      );
      const socket = tls();
      await once(socket, 'secureConnect');
      socket.write(
        `PUT /v1/recordings/x/segments/output/0 HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${claimed}\r\ndpop: ${proof}\r\n\r\n${'x'.repeat(sent)}`,
      );
      if (claimed > sent) socket.end();
      const { text } = await untilClosed(socket);
      expect(text).not.toMatch(/^HTTP\/1\.1 2/);
    }
  });

  test('that are compressed are not unpacked: a bomb stays what it is', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, 0x20));
    const before = process.memoryUsage().rss;
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const answer = await ask('/v1/sessions', { device: eeva, body: bomb, headers });
    expect(answer.json.code).toBe('SP-5001');
    expect(process.memoryUsage().rss - before).toBeLessThan(45_000_000);
  });
});

/** Over few connections: strangers may not hold many. */
const pool: { agent: Agent | null } = { agent: null };
async function fromPool(path: string) {
  pool.agent ??= new Agent({ connect: { ca: jonas.client.trustRoot }, connections: 8 });
  const answer = await request(`${world.server.address}${path}`, { dispatcher: pool.agent });
  return {
    status: answer.statusCode,
    retryAfter: answer.headers['retry-after'],
    json: (await answer.body.json()) as Record<string, unknown>,
  };
}
afterAll(() => pool.agent?.destroy());
