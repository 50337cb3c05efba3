import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { makeProof } from '../../src/lab/owner/device.ts';
import { concat, sshString, sshUint32 } from '../../src/recording/signatures/wire.ts';
import { leasePayloadSchema } from '../../src/shared/protocol/signed.ts';
import { freePort, type Sshd, startSshd, until } from '../harness/session/sshd.ts';
import { connectLauncher, ended, relayPort, webSocket } from './live-world/sockets.ts';
import { runSsh } from './live-world/ssh-client.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

let world: World;
let sshd: Sshd;
let jonas: Device;
let downPort: number;
/** A target that speaks no more SSH than a first key exchange, so that a test decides what it sends. */
let plain: Server;
let plainPort: number;
const plainSockets: Socket[] = [];

beforeAll(async () => {
  world = await startWorld();
  sshd = await startSshd();
  writeFileSync(`${sshd.authority}.pub`, `${world.server.context.services.broker.authority}\n`);
  downPort = await freePort();
  plain = createServer((socket) => {
    socket.on('error', () => undefined);
    plainSockets.push(socket);
  });
  plainPort = await new Promise((resolve) =>
    plain.listen(0, '127.0.0.1', () => resolve((plain.address() as { port: number }).port)),
  );
  const common = { logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey] };
  await world.apply(
    [
      { name: 'web-01', host: '127.0.0.1', port: sshd.port, ...common },
      { name: 'edge-01', host: '127.0.0.1', port: sshd.port, route: 'direct', ...common },
      { name: 'down-01', host: '127.0.0.1', port: downPort, ...common },
      { name: 'plain-01', host: '127.0.0.1', port: plainPort, ...common },
      { name: 'metadata-01', host: '169.254.169.254', port: 80, ...common },
      { name: 'self-01', host: '127.0.0.1', port: 1, ...common },
    ],
    [sshd.port, downPort, plainPort].map((port) => `127.0.0.1:${port}`),
  );
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  plain?.close();
  for (const socket of plainSockets) socket.destroy();
  await sshd?.stop();
  await world?.close();
});

const gcm = 'aes256-gcm@openssh.com';

function hello(cipher = gcm): Buffer {
  const lists = ['curve25519-sha256', 'ssh-ed25519', cipher, cipher, '', '', 'none', 'none', '', ''];
  const payload = concat(
    Buffer.from([20]),
    randomBytes(16),
    ...lists.map((list) => sshString(list)),
    Buffer.from([0]),
    sshUint32(0),
  );
  return concat(
    Buffer.from('SSH-2.0-test\r\n'),
    sshUint32(payload.length + 5),
    Buffer.from([4]),
    payload,
    Buffer.alloc(4),
  );
}

/** A relayed connection to the plain target, past the first key exchange. */
async function openPlain(): Promise<{
  socket: WebSocket;
  target: Socket;
  sessionId: string;
  closed: ReturnType<typeof ended>;
}> {
  const session = await world.open(jonas, 'plain-01', sshd.login);
  const count = plainSockets.length;
  const socket = await webSocket(jonas, `/v1/relay/${session.id}`);
  const closed = ended(socket);
  await once(socket, 'open');
  await until(() => plainSockets.length > count, 'the relay to connect');
  const target = plainSockets.at(-1) as Socket;
  socket.send(hello());
  target.write(hello());
  await once(socket, 'message');
  return { socket, target, sessionId: session.id, closed };
}

/** Resolves when what is looked at has not changed for half a second: a flow that is stuck sends no event. */
async function steady(look: () => unknown): Promise<void> {
  let same = 0;
  let last: unknown;
  await until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = look();
    same = now === last ? same + 1 : 0;
    last = now;
    return same === 10;
  }, 'the flow to stop');
}

const lastLine = (sessionId: string) => world.relayLog().findLast((line) => line.sessionId === sessionId);

describe('the relay', () => {
  it('carries 16 MB either way unchanged', async () => {
    const content = randomBytes(16 * 1024 * 1024);
    const digest = createHash('sha256').update(content).digest('hex');
    const file = path.join(world.folder, 'content');
    writeFileSync(file, content);
    for (const [command, write] of [
      [`cat ${file}`, false],
      ['sha256sum', true],
    ] as const) {
      const session = await world.open(jonas, 'web-01', sshd.login);
      const relay = await relayPort(jonas, session.id);
      const ssh = await runSsh({ world, session, port: relay.port, command, raw: true });
      const hash = createHash('sha256');
      ssh.child.stdout?.on('data', (bytes) => hash.update(bytes));
      if (write) ssh.child.stdin?.end(content);
      expect(await ssh.exited).toBe(0);
      if (write) expect(ssh.output()).toContain(digest);
      else expect(hash.digest('hex')).toBe(digest);
      await relay.relayed;
      await until(() => lastLine(session.id)?.event === 'closed', 'the relay to log');
      const line = lastLine(session.id) as { bytesToTarget: number; bytesFromTarget: number };
      expect(write ? line.bytesToTarget : line.bytesFromTarget).toBeGreaterThan(content.length);
      relay.close();
    }
  });

  it('stops reading a target whose launcher does not read, and loses nothing of it', async () => {
    const { socket, target, sessionId } = await openPlain();
    socket.pause();
    const block = Buffer.alloc(1_048_576, 7);
    const total = 32 * block.length;
    for (let n = 0; n < 32; n += 1) target.write(block);
    await steady(() => target.writableLength);
    expect(target.writableLength).toBeGreaterThan(0);
    let received = 0;
    let wrong = 0;
    const all = new Promise<void>((resolve) => {
      socket.on('message', (bytes: Buffer) => {
        received += bytes.length;
        if (bytes.compare(block, 0, bytes.length) !== 0) wrong += 1;
        if (received >= total) resolve();
      });
    });
    socket.resume();
    await all;
    expect([received, wrong]).toEqual([total, 0]);
    socket.close();
    await until(() => lastLine(sessionId)?.event === 'closed', 'the relay to log');
  });

  it('holds bounded memory while neither side reads', async () => {
    const { socket, target, sessionId, closed } = await openPlain();
    socket.pause();
    target.pause();
    const block = Buffer.alloc(1_048_576, 1);
    for (let n = 0; n < 96; n += 1) target.write(block);
    for (let n = 0; n < 96; n += 1) socket.send(block);
    await steady(() => `${target.writableLength} ${socket.bufferedAmount}`);
    socket.terminate();
    await closed;
    await until(() => lastLine(sessionId)?.event === 'closed', 'the relay to log');
    // What the relay took in: its own watermark, and what the kernel's buffers held of what it had passed on.
    const line = lastLine(sessionId) as { bytesToTarget: number; bytesFromTarget: number };
    expect(line.bytesFromTarget).toBeLessThan(24 * block.length);
    expect(line.bytesToTarget).toBeLessThan(24 * block.length);
  });

  it('does not go on with another cipher than AES-GCM', async () => {
    const session = await world.open(jonas, 'web-01', sshd.login);
    const relay = await relayPort(jonas, session.id);
    const ssh = await runSsh({
      world,
      session,
      port: relay.port,
      command: 'true',
      cipher: 'chacha20-poly1305@openssh.com',
    });
    expect(await relay.relayed).toMatchObject({ code: 4032, reason: expect.stringContaining('chacha20') });
    expect(await ssh.exited).toBe(255);
    expect(ssh.asked()).toBeNull();
    relay.close();
  });

  it('serves a session once, from its own device, and only by its id', async () => {
    const session = await world.open(jonas, 'web-01', sshd.login);
    const first = await relayPort(jonas, session.id);
    await first.carries;
    const eeva = await world.enrol('eeva');
    const direct = await world.open(jonas, 'edge-01', sshd.login);
    const tries: [Device, string, number][] = [
      [jonas, session.id, 4006],
      [eeva, session.id, 4003],
      [await world.enrol('jonas'), session.id, 4003],
      [jonas, direct.id, 4003],
      [jonas, 'no-such-session', 4003],
    ];
    for (const [device, id, expected] of tries) {
      const { code, reason } = await (await relayPort(device, id)).relayed;
      expect([code, reason.slice(0, 7)]).toEqual([expected, 'SP-2105']);
    }
    first.close();
    await first.relayed;
    expect((await (await relayPort(jonas, session.id)).relayed).code).toBe(4006);
  });

  it('is not opened by a web page, nor with a proof that was used', async () => {
    const session = await world.open(jonas, 'web-01', sshd.login);
    const where = `/v1/relay/${session.id}`;
    const proof = await makeProof(jonas.client.key, 'GET', `${jonas.client.address}${where}`);
    const url = `${jonas.client.address.replace(/^https/, 'wss')}${where}`;
    const page = new WebSocket(url, {
      ca: jonas.client.trustRoot,
      headers: { DPoP: proof, Origin: 'https://evil.example' },
    });
    expect(String(await once(page, 'error').then(([error]) => error))).toContain('403');
    const used = [0, 1].map(() => new WebSocket(url, { ca: jonas.client.trustRoot, headers: { DPoP: proof } }));
    const outcomes = await Promise.all(
      used.map(
        (socket) =>
          new Promise<string>((resolve) => {
            socket.on('open', () => resolve('open'));
            socket.on('error', () => resolve('refused'));
          }),
      ),
    );
    expect(outcomes.sort()).toEqual(['open', 'refused']);
    for (const socket of used) socket.terminate();
  });

  it('never reaches for metadata services or its own machine', async () => {
    for (const name of ['metadata-01', 'self-01']) {
      await expect(world.open(jonas, name, sshd.login)).rejects.toMatchObject({ code: 'SP-2105' });
    }
  });

  it('says that a target is down, in the list too, until it is reached again', async () => {
    const session = await world.open(jonas, 'down-01', sshd.login);
    const relay = await relayPort(jonas, session.id);
    expect(await relay.relayed).toEqual({ code: 4104, reason: 'it refused the connection' });
    const seen = async () => (await world.target(jonas, 'down-01')).unreachable;
    await until(async () => (await seen()) !== null, 'the failure to be listed');
    expect(await seen()).toMatchObject({ code: 'SP-2104', message: expect.stringContaining(`127.0.0.1:${downPort}`) });
    const server = createServer().listen(downPort, '127.0.0.1');
    const again = await relayPort(jonas, (await world.open(jonas, 'down-01', sshd.login)).id);
    await until(async () => (await seen()) === null, 'the success to be listed');
    again.close();
    server.close();
  });

  it('security 18 and 20: cuts a session that has lost its lease within 15 s, and none that has not', {
    timeout: 30_000,
  }, async () => {
    const eeva = await world.enrol('eeva');
    const launcher = await connectLauncher(jonas);
    const living = await world.open(jonas, 'web-01', sshd.login);
    const silent = await world.open(eeva, 'web-01', sshd.login);
    const begun = performance.now();
    const wires = [await relayPort(jonas, living.id), await relayPort(eeva, silent.id)] as const;
    launcher.say({ type: 'session-opened', sessionId: living.id, at: new Date().toISOString() });
    const stop = launcher.beat(living.id);
    expect(await wires[1].relayed).toMatchObject({ code: 4002 });
    const after = performance.now() - begun;
    expect(after).toBeGreaterThan(10_000);
    expect(after).toBeLessThan(15_000);
    const seqs: number[] = [];
    while (seqs.length < 3) {
      const { sessionId, lease } = await launcher.next('lease');
      // Sessions of the tests before this one still have theirs.
      if (sessionId === living.id) seqs.push(leasePayloadSchema.parse(JSON.parse(lease.payload)).seq);
    }
    expect(seqs).toEqual([1, 2, 3]);
    expect(lastLine(living.id)).toMatchObject({ event: 'open' });
    await until(async () => (await world.auditOf(silent.id)).includes('session.ended'), 'the end to be written down');
    expect((await world.as('eeva', 'getRecording', { params: { sessionId: silent.id } })).state).toBe('incomplete');
    stop();
    await launcher.close();
    for (const wire of wires) wire.close();
  });
});
