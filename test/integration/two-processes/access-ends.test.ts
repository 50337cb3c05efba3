import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shippedPolicies } from '../../../src/lab/seed/policies.ts';
import type { AccessRequestView } from '../../../src/shared/model/access-request.ts';
import { connectLauncher, ended, webSocket } from '../live-world/sockets.ts';
import type { Device } from '../live-world/world.ts';
import { type Pair, startPair } from './pair.ts';

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEkzwJHUf0HnSx1H0nEp8e8L0T2PjzRSBkQ1w8ymU0Q';
const names = ['db-01', 'db-02'];

let pair: Pair;
let target: Server;
const sockets: Socket[] = [];
let jonas: Device;
let breakGlassRecipient: string;

/** One document; `more`: rules beside those that are shipped. */
async function apply(more: { id: string; cedar: string }[] = []): Promise<void> {
  const { port } = target.address() as { port: number };
  const common = { host: '127.0.0.1', port, logins: [{ name: 'deploy' }], hostKeys: [hostKey] };
  await pair.a.as('sanna', 'apply', {
    body: {
      organisation: { name: 'Lakeside Hotels', breakGlassRecipient, relayExceptions: [`127.0.0.1:${port}`] },
      people: [
        { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'] },
        { id: 'anke', name: 'Anke de Vries', roles: ['approver'] },
        { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'] },
      ],
      targets: [
        ...names.map((name) => ({ name, ...common, labels: { team: 'data' } })),
        { name: 'edge', route: 'direct' as const, ...common },
      ],
      policies: [...shippedPolicies().map(({ id, cedar }) => ({ id, cedar })), ...more],
    },
  });
}

beforeAll(async () => {
  breakGlassRecipient = await identityToRecipient(await generateX25519Identity());
  pair = await startPair();
  target = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-test\r\n');
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  await apply();
  jonas = await pair.a.enrol('jonas');
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  target?.close();
  await pair?.close();
});

/** Asked for at one server, approved at the other. */
async function approved(name: string, seconds: number): Promise<AccessRequestView> {
  const { id: targetId } = await pair.a.target(jonas, name);
  const asked = { targetId, login: 'deploy', seconds, reason: 'slow queries', ticket: null };
  const request = await pair.a.as('jonas', 'requestAccess', { body: asked });
  const body = { decision: 'approve', reason: 'in the window' };
  return pair.b.as('anke', 'decideAccessRequest', { params: { requestId: request.id }, body });
}

/** Granted at `a`, its wire at `b`. */
async function crosswise(name: string) {
  const launcher = await connectLauncher(jonas);
  const session = await pair.a.open(jonas, name, 'deploy');
  const socket = await webSocket(pair.b.moved(jonas), `/v1/relay/${session.id}`);
  const relayed = ended(socket);
  await once(socket, 'message');
  const stop = launcher.beat(session.id);
  return {
    session,
    relayed,
    async close() {
      stop();
      socket.terminate();
      await launcher.close();
    },
  };
}

it('a revocation at one server cuts the wire at the other within two seconds', async () => {
  const request = await approved('db-01', 3600);
  const one = await crosswise('db-01');
  const begun = performance.now();
  await pair.a.as('anke', 'revokeAccessRequest', { params: { requestId: request.id }, body: { reason: 'done' } });
  expect((await one.relayed).code).toBe(4007);
  expect(performance.now() - begun).toBeLessThan(2000);
  await expect(pair.b.open(pair.b.moved(jonas), 'db-01', 'deploy')).rejects.toMatchObject({ code: 'SP-2006' });
  await one.close();
});

it('access that has had its time ends at the server with the wire, whoever granted the session', async () => {
  const request = await approved('db-02', 4);
  const one = await crosswise('db-02');
  expect((await one.relayed).code).toBe(4007);
  const late = Date.now() - Date.parse(request.grant?.endsAt ?? '');
  expect(late).toBeGreaterThan(0);
  expect(late).toBeLessThan(2000);
  await one.close();
});

it('a direct session whose right is gone gets no lease of another server either', { timeout: 40_000 }, async () => {
  const toEdge =
    'permit(principal == User::"jonas", action in [Action::"SeeTarget", Action::"Connect"], resource) when { resource.name == "edge" };';
  await apply([{ id: 'edge', cedar: toEdge }]);
  const here = await connectLauncher(jonas);
  const session = await pair.a.open(jonas, 'edge', 'deploy');
  here.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
  here.beat(session.id);
  await here.next('lease');
  await apply();
  const there = await connectLauncher(pair.b.moved(jonas), [session.id]);
  const stop = there.beat(session.id);
  const { reader } = pair.b.server.context;
  const end = () => reader.selectFrom('sessions').select('ended_by').where('id', '=', session.id).executeTakeFirst();
  await expect.poll(end, { timeout: 20_000, interval: 250 }).toEqual({ ended_by: 'server' });
  stop();
  await there.close();
});
