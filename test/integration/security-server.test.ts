import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { openSession } from '../../src/control/live/open-session.ts';
import { makeFolderStore } from '../../src/control/recordings/folder-store.ts';
import { makeProof } from '../../src/lab/owner/device.ts';
import { ageSeal } from '../../src/recording/codecs/age.ts';
import { zstdCompress, zstdDecompress } from '../../src/recording/codecs/zstd.ts';
import { publicKeyLine } from '../../src/recording/signatures/keys.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { makeIssuer } from '../../src/session/authorise.ts';
import { firstLease, renewLease } from '../../src/session/lease.ts';
import { type Namespace, type OrderPayload, sessionKeyStatement } from '../../src/shared/protocol/signed.ts';
import { segmentStoredBytesRefused, segmentTextBytesRefused } from '../../src/shared/record/segments.ts';
import { putManifest, putSegment, record, signManifest, upload } from './live-world/records.ts';
import { connectLauncher, ended, webSocket } from './live-world/sockets.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb';
let world: World;
let jonas: Device;
let target: Server;
let port: number;

beforeAll(async () => {
  world = await startWorld();
  target = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
  ({ port } = target.address() as { port: number });
  const logins = [{ name: 'deploy' }];
  await world.apply(
    [
      { name: 'web-01', host: '127.0.0.1', port, logins, hostKeys: [hostKey] },
      { name: 'web-02', host: '127.0.0.1', port, logins, hostKeys: [hostKey] },
      { name: 'named-01', host: 'db.internal.example', port, logins, hostKeys: [hostKey] },
    ],
    [`127.0.0.1:${port}`],
  );
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  await world?.close();
  target?.close();
});

describe('security 16: an old recording sent again', () => {
  test('is refused for another session, whose nonce and key are others, and for its own, which is finished', async () => {
    const old = await world.open(jonas, 'web-01', 'deploy');
    const recording = await record(world, old);
    await upload(old, recording);
    const fresh = await world.open(jonas, 'web-01', 'deploy');
    for (const segment of recording.segments) await putSegment(jonas, fresh.id, segment);
    // As it was; renamed to the new session; and signed anew by the new session's own key.
    const renamed = recording.manifest.replaceAll(old.id, fresh.id);
    for (const [text, signature] of [
      [recording.manifest, recording.signature],
      [renamed, recording.signature],
      [renamed, signManifest(fresh, renamed)],
    ] as const) {
      await expect(putManifest(jonas, fresh.id, text, signature)).rejects.toMatchObject({ code: 'SP-3023' });
    }
    const more = { stream: 'output' as const, seq: recording.segments.length, bytes: Buffer.from('more') };
    await expect(putSegment(jonas, old.id, more)).rejects.toMatchObject({ code: 'SP-3024' });
    const shorter = recording.manifest.split('\n').slice(0, -2).join('\n');
    await expect(putManifest(jonas, old.id, `${shorter}\n`, signManifest(old, `${shorter}\n`))).rejects.toMatchObject({
      code: expect.stringMatching(/SP-302[34]/),
    });
  });
});

describe('security 23: an order that is forged or replayed', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const serverKey = publicKeyLine(privateKey);
  const sessionId = randomUUID();
  const order = (change: Partial<OrderPayload> = {}, key = privateKey, namespace: Namespace = 'order@sallyport') => {
    const value: OrderPayload = {
      version: 1,
      orderId: randomUUID(),
      sessionId,
      kind: 'kill',
      reason: 'x',
      by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
      requestedAt: new Date().toISOString(),
      lock: { id: 'lock-1', targetName: 'web-01' },
      ...change,
    };
    return { orderId: value.orderId, order: signDocument({ privateKey: key, namespace, value }) };
  };

  test('is not obeyed by the session process', () => {
    const issuer = makeIssuer(serverKey, sessionId);
    const good = order();
    expect(issuer.kill(good)).toMatchObject({ kind: 'killed', orderId: good.orderId });
    const bad = {
      'by another key': order({}, generateKeyPairSync('ed25519').privateKey),
      'of another purpose': order({}, privateKey, 'lease@sallyport'),
      'for another session': order({ sessionId: randomUUID() }),
      'under another id': { ...order(), orderId: randomUUID() },
      'with a changed text': { ...good, order: { ...good.order, payload: good.order.payload.replace('"x"', '"y"') } },
      'with no signature': { ...good, order: { ...good.order, signature: '' } },
    };
    for (const [name, forged] of Object.entries(bad)) expect([name, issuer.kill(forged)]).toEqual([name, null]);
  });

  test('a lease of before is not taken again', () => {
    const now = { monotonicMs: 0, wallMs: 0 };
    const lease = (seq: number) => ({ version: 1 as const, sessionId, seq, issuedAt: '', durationMs: 10_000 });
    const count = firstLease(lease(5), now);
    const later = { monotonicMs: 9000, wallMs: 9000 };
    expect(renewLease(count, lease(5), later)).toBe(count);
    expect(renewLease(count, lease(4), later)).toBe(count);
    expect(renewLease(count, lease(6), later).expiresAtMs).toBe(19_000);
  });
});

test('security 23a: a killed person who reconnects at once is refused by the lock until it is lifted', async () => {
  const session = await world.open(jonas, 'web-02', 'deploy');
  const second = await world.open(jonas, 'web-02', 'deploy');
  const { lockId } = await world.as('mira', 'killSession', {
    params: { sessionId: session.id },
    body: { reason: 'wrong host' },
  });
  const again = await Promise.allSettled(Array.from({ length: 10 }, () => world.open(jonas, 'web-02', 'deploy')));
  expect(again.map((one) => (one.status === 'rejected' ? (one.reason as { code: string }).code : 'open'))).toEqual(
    Array(10).fill('SP-2003'),
  );
  // Nor with a session that was granted before.
  for (const { id } of [session, second]) {
    const end = await ended(await webSocket(jonas, `/v1/relay/${id}`));
    expect([4001, 4003]).toContain(end.code);
  }
  // A new enrolment of the same person is the same person.
  const other = await world.enrol('jonas');
  await expect(world.open(other, 'web-02', 'deploy')).rejects.toMatchObject({ code: 'SP-2003' });
  await world.as('mira', 'liftLock', { params: { lockId } });
  expect((await world.open(jonas, 'web-02', 'deploy')).grant.login).toBe('deploy');
});

test('security 29: a WebSocket with a foreign or a null Origin is refused, whatever it proves', async () => {
  const session = await world.open(jonas, 'web-01', 'deploy');
  for (const where of ['/v1/control', `/v1/relay/${session.id}`]) {
    for (const origin of ['https://evil.example', 'null', world.server.address]) {
      const dpop = await makeProof(jonas.client.key, 'GET', `${jonas.client.address}${where}`);
      const socket = new WebSocket(`${jonas.client.address.replace(/^https/, 'wss')}${where}`, {
        ca: jonas.client.trustRoot,
        headers: { dpop, origin },
      });
      socket.on('error', () => undefined);
      const status = await new Promise<number | undefined>((resolve) => {
        socket.on('unexpected-response', (_request, answer) => resolve(answer.statusCode));
        socket.on('open', () => resolve(101));
      });
      socket.terminate();
      expect([where, origin, status]).toEqual([where, origin, 403]);
    }
  }
});

describe('security 32: the relay', () => {
  /** Opens `named-01` with a resolver of the test's own; resolves with the address that the session is bound to. */
  async function openWith(
    resolve: (host: string) => Promise<string[]>,
  ): Promise<{ id: string; address: string | null }> {
    const { privateKey } = generateKeyPairSync('ed25519');
    const sessionKey = publicKeyLine(privateKey);
    const { context } = world.server;
    const { id: targetId } = await world.target(jonas, 'named-01');
    const actor = {
      userId: 'jonas',
      name: 'Jonas Lindqvist',
      roles: ['operator' as const],
      groups: [],
      device: { id: jonas.deviceId, name: 'x', publicKey: jonas.client.key.line },
      via: 'device' as const,
    };
    const { grant } = await openSession({ ...context.services, core: context, resolve }, actor, {
      targetId,
      login: 'deploy',
      reason: null,
      ticket: null,
      command: null,
      sessionKey,
      sessionKeyCertificate: signSsh({
        privateKey: jonas.client.key.privateKey,
        namespace: 'session-key@sallyport',
        message: sessionKeyStatement({ deviceId: jonas.deviceId, sessionKey }),
      }),
    });
    const { sessionId } = JSON.parse(grant.payload) as { sessionId: string };
    const row = await context.reader
      .selectFrom('sessions')
      .select('relay_address')
      .where('id', '=', sessionId)
      .executeTakeFirstOrThrow();
    return { id: sessionId, address: row.relay_address };
  }

  test('goes to the address that the name had at the grant, whatever it says later', async () => {
    const answers = [['198.51.100.7'], ['127.0.0.1']];
    let asked = 0;
    const { id, address } = await openWith(async () => {
      asked += 1;
      return answers.shift() ?? ['127.0.0.1'];
    });
    expect([address, asked]).toEqual(['198.51.100.7', 1]);
    const socket = await webSocket(jonas, `/v1/relay/${id}`);
    socket.on('error', () => undefined);
    const open = () => world.relayLog().find((line) => line.sessionId === id);
    await new Promise<void>((resolve) => socket.once('open', () => resolve()));
    socket.close();
    await expect.poll(open, { timeout: 15_000 }).toMatchObject({ targetAddress: `198.51.100.7:${port}` });
    expect(asked).toBe(1);
  });

  test.each([
    ['127.0.0.1 under another name'],
    ['127.8.9.10'],
    ['0.0.0.0'],
    ['169.254.169.254'],
    ['100.100.100.200'],
    ['::1'],
    ['::'],
    ['::ffff:127.0.0.1'],
    ['::ffff:169.254.169.254'],
    ['::ffff:7f00:1'],
    ['64:ff9b::7f00:1'],
    ['fe80::1%eth0'],
    ['fd00:ec2::254'],
    ['224.0.0.1'],
    ['255.255.255.255'],
  ])('is not granted for a name that resolves to %s', async (text) => {
    // 127.0.0.1 and this port are excepted by the document, so another address of loopback stands for it.
    const address = text === '127.0.0.1 under another name' ? '127.0.0.2' : text;
    await expect(openWith(async () => [address])).rejects.toMatchObject({ code: 'SP-2105' });
    // Among good ones it is passed over.
    expect((await openWith(async () => [address, '198.51.100.7'])).address).toBe('198.51.100.7');
  });

  test('takes no address from a client', async () => {
    for (const where of [
      '/v1/relay/127.0.0.1:22',
      '/v1/relay/x?host=127.0.0.1&port=22',
      `/v1/relay/${randomUUID()}`,
      '/v1/relay/..%2f..%2f127.0.0.1',
    ]) {
      const socket = await webSocketAt(where);
      expect(socket).toMatchObject({ code: 4003, reason: 'SP-2105 no such session' });
    }
  });

  async function webSocketAt(where: string) {
    const proof = await makeProof(jonas.client.key, 'GET', `${jonas.client.address}${where.split('?')[0]}`);
    const socket = new WebSocket(`${jonas.client.address.replace(/^https/, 'wss')}${where}`, {
      ca: jonas.client.trustRoot,
      headers: { DPoP: proof },
    });
    return ended(socket);
  }
});

test('security 33: keys of stored objects are made by the server, of ids alone', async () => {
  const session = await world.open(jonas, 'web-01', 'deploy');
  const recording = await record(world, session, { input: 'x' });
  await upload(session, recording);
  const folder = path.join(world.server.context.dataFolder, 'recordings');
  const names = readdirSync(folder, { recursive: true }) as string[];
  const stored = names.filter((name) => name.startsWith(session.id));
  expect(stored.length).toBeGreaterThan(2);
  for (const name of stored) expect(name).toMatch(/^[0-9a-f-]{36}(\/[a-z0-9.-]+)?$/);
  for (const sessionId of ['../../etc', `${session.id}/..`, '.incoming', '%2e%2e']) {
    const put = putSegment(jonas, sessionId, { stream: 'output', seq: 0, bytes: Buffer.from('x') });
    await expect(put).rejects.toMatchObject({ code: expect.stringMatching(/SP-(3001|5001|5002)/) });
  }
  const apart = mkdtempSync(path.join(world.folder, 'store-'));
  const store = makeFolderStore(path.join(apart, 'store'));
  for (const key of [
    '../x',
    '/etc/passwd',
    `${session.id}/../../x`,
    `${session.id}/.hidden`,
    'a',
    `${session.id}/a/b`,
  ]) {
    await expect(store.putIfAbsent(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'SP-5001' });
    await expect(store.get(key)).rejects.toMatchObject({ code: 'SP-5001' });
  }
  expect(existsSync(path.join(apart, 'x'))).toBe(false);
  rmSync(apart, { recursive: true });
});

test('security 34: a segment that would unpack to far more than a segment is not unpacked', async () => {
  const bomb = await zstdCompress(Buffer.alloc(200_000_000), 3);
  expect(bomb.length).toBeLessThan(100_000);
  const before = process.memoryUsage().rss;
  await expect(zstdDecompress(bomb, segmentTextBytesRefused)).rejects.toMatchObject({ code: 'SP-3030' });
  expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  // The server stores what it cannot open, but no more of it than a segment may have.
  const sealed = await ageSeal(Buffer.alloc(segmentStoredBytesRefused), [
    await identityToRecipient(await generateIdentity()),
  ]);
  expect(sealed.length).toBeLessThan(world.server.context.config.limits.segmentBody);
});

test('security 35: segments sent twice, out of order and all at once make one recording with one end', async () => {
  const session = await world.open(jonas, 'web-01', 'deploy');
  const recording = await record(world, session, { bytes: 900_000, input: 'ls' });
  expect(recording.segments.length).toBeGreaterThan(3);
  const shuffled = [...recording.segments, ...recording.segments].sort((a, b) => b.seq - a.seq);
  const send = () => Promise.allSettled(shuffled.map((segment) => putSegment(jonas, session.id, segment)));
  const manifest = () => putManifest(jonas, session.id, recording.manifest, recording.signature);
  const faults: string[] = [];
  const note = (results: PromiseSettledResult<unknown>[]) => {
    for (const one of results) if (one.status === 'rejected') faults.push((one.reason as { code: string }).code);
  };
  for (let round = 0; round < recording.segments.length; round += 1) {
    const [segments, ends] = await Promise.all([send(), Promise.allSettled([manifest(), manifest()])]);
    note(segments);
    note(ends);
  }
  // A gap is told as a gap, a manifest ahead of its segments as such; nothing else went wrong.
  expect([...new Set(faults)].filter((code) => code !== 'SP-3022' && code !== 'SP-3023')).toEqual([]);
  const receipts = await Promise.all(Array.from({ length: 10 }, manifest));
  expect(new Set(receipts.map(({ receipt }) => (JSON.parse(receipt.payload) as { head: string }).head)).size).toBe(1);
  const view = await world.as('mira', 'getRecording', { params: { sessionId: session.id } });
  expect(view.state).toBe('complete');
  expect(view.segments).toHaveLength(recording.segments.length);
  const manifests = await world.server.context.reader
    .selectFrom('recording_manifests')
    .select('ended')
    .where('session_id', '=', session.id)
    .execute();
  expect(manifests).toEqual([{ ended: true }]);
  expect((await world.auditOf(session.id)).filter((event) => event === 'recording.completed')).toHaveLength(1);
});

test('security 30: revoking a person closes the control channel within 2 s', async () => {
  const eeva = await world.enrol('eeva');
  const launcher = await connectLauncher(eeva);
  const { hub } = world.server.context.services;
  const from = performance.now();
  world.server.context.events.emit('devices-revoked', { deviceIds: [eeva.deviceId], userId: 'eeva', because: 'left' });
  await expect.poll(() => hub.isConnected(eeva.deviceId)).toBe(false);
  expect((await launcher.closed).code).toBe(4005);
  expect(performance.now() - from).toBeLessThan(2000);
});
