import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { administer, type Cluster, startCluster } from '../../harness/postgres.ts';
import { connectLauncher, ended, type Launcher, webSocket } from '../live-world/sockets.ts';
import type { Device, Session } from '../live-world/world.ts';
import { type Pair, startPair } from './pair.ts';

const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
let cluster: Cluster;
let pair: Pair;
let target: Server;
let jonas: Device;
let launcher: Launcher;

beforeAll(async () => {
  cluster = await startCluster();
  process.env.PGPASSFILE = cluster.passwordFile;
  await administer(cluster, 'create database lost');
  pair = await startPair({
    kind: 'postgres',
    database: cluster.url('lost'),
    overrides: {},
    drop: async () => undefined,
  });
  target = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-here\r\n');
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as { port: number };
  await pair.a.apply(
    ['web-1', 'web-2'].map((name) => ({ name, host: '127.0.0.1', port, logins: [{ name: 'deploy' }], hostKeys })),
    [`127.0.0.1:${port}`],
  );
  jonas = await pair.a.enrol('jonas');
  launcher = await connectLauncher(jonas);
});
afterAll(async () => {
  await launcher?.close();
  await pair?.close();
  await cluster?.remove();
  target?.close();
});

/** A session with its launcher at one server and its wire at the other, seen to be renewed. */
async function run(name: string): Promise<{ session: Session; relayed: Promise<{ code: number }>; stop(): void }> {
  const session = await pair.a.open(jonas, name, 'deploy');
  const socket = await webSocket(pair.b.moved(jonas), `/v1/relay/${session.id}`);
  const relayed = ended(socket);
  await once(socket, 'message');
  launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
  const stop = launcher.beat(session.id);
  await launcher.next('lease');
  return { session, relayed, stop };
}

it('a database that is away for a moment ends nothing', async () => {
  const { session, relayed, stop } = await run('web-1');
  await cluster.stop('immediate');
  // Long enough for a renewal and a look at each server to fail.
  await new Promise((resolve) => setTimeout(resolve, 3200));
  await cluster.start();
  // One may have been under way; the next only a process that found the database again can give.
  for (let count = 0; count < 2; count += 1) expect((await launcher.next('lease')).sessionId).toBe(session.id);
  launcher.say({
    type: 'session-ended',
    sessionId: session.id,
    at: new Date().toISOString(),
    reason: { kind: 'disconnected', by: 'person' },
  });
  expect((await relayed).code).toBe(4000);
  stop();
});

it('a database that stays away ends every wire within a lease, since no order could be heard; nothing runs on afterwards', async () => {
  const { session, relayed, stop } = await run('web-2');
  await cluster.stop('immediate');
  let renewals = 0;
  launcher.socket.on('message', (data) => {
    if (data.toString().includes('"type":"lease"')) renewals += 1;
  });
  const begun = performance.now();
  const order = pair.b.as('mira', 'killSession', { params: { sessionId: session.id }, body: { reason: 'x' } });
  await expect(order).rejects.toMatchObject({ code: 'SP-5010' });
  expect((await relayed).code).toBe(4002);
  expect(performance.now() - begun).toBeLessThan(15_500);
  // One may have been on its way.
  expect(renewals).toBeLessThan(2);
  await cluster.start();
  await expect
    .poll(
      () =>
        pair.a.as('mira', 'listSessions').then(
          ({ sessions }) => sessions,
          () => null,
        ),
      { timeout: 10_000 },
    )
    .toEqual([]);
  stop();
  await pair.b.open(pair.b.moved(jonas), 'web-1', 'deploy');
});
