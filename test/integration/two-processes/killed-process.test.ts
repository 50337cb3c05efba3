import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { makeApiClient } from '../../../src/lab/owner/api-client.ts';
import { type ApiName, type ControlApi, controlApi } from '../../../src/shared/protocol/control-api.ts';
import { makePostgresDatabase, type TestDatabase } from '../../harness/test-database.ts';
import { connectLauncher, ended, type Launcher, webSocket } from '../live-world/sockets.ts';
import { type Device, startWorld, type World } from '../live-world/world.ts';

const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];

/** `sallyport serve` as a process of its own. */
interface Serve {
  child: ChildProcess;
  at(device: Device): Device;
  as<N extends ApiName>(
    person: string,
    name: N,
    input?: { params?: Record<string, string>; body?: unknown; query?: Record<string, string> },
  ): Promise<z.output<ControlApi[N]['response']>>;
  stop(signal: NodeJS.Signals): Promise<void>;
}

let folder: string;
let store: TestDatabase;
let target: Server;
let first: Serve;
let second: Serve;
/** The world that set everything up; it does not run any more. Its helpers ask whichever server a device names. */
let made: World;
let jonas: Device;
let eeva: Device;

async function serve(name: string): Promise<Serve> {
  const data = path.join(folder, name);
  const command = ['src/cli/cli-main.ts', 'serve', '--data', data, '--listen', '127.0.0.1:0', '--json'];
  const child = spawn(process.execPath, [...command, '--database', store.database], {
    env: { ...process.env, SALLYPORT_VAULT_KEY_FILE: path.join(folder, 'vault.key'), NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [string];
  const { address, socket } = JSON.parse(line) as { address: string; socket: string };
  const local = new Client('http://localhost', { socketPath: socket });
  return {
    child,
    at: (device) => ({
      ...device,
      client: makeApiClient({ address, trustRoot: device.client.trustRoot, key: device.client.key }),
    }),
    async as(person, name, input = {}) {
      const method = controlApi[name];
      const where = method.path.replace(/:(\w+)/g, (_, part: string) => input.params?.[part] ?? '');
      const answer = await local.request({
        method: method.method,
        path: input.query === undefined ? where : `${where}?${new URLSearchParams(input.query)}`,
        headers: {
          'sallyport-actor': person,
          ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: input.body === undefined ? null : JSON.stringify(input.body),
      });
      return method.response.parse(await answer.body.json()) as never;
    },
    async stop(signal) {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
      await local.destroy();
    },
  };
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-killed-'));
  store = await makePostgresDatabase();
  target = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('SSH-2.0-here\r\n');
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as { port: number };
  made = await startWorld({ store });
  const common = { host: '127.0.0.1', port, logins: [{ name: 'deploy' }], hostKeys };
  await made.apply(
    [...['web-1', 'web-2'].map((name) => ({ name, ...common })), { name: 'edge', route: 'direct' as const, ...common }],
    [`127.0.0.1:${port}`],
  );
  jonas = await made.enrol('jonas');
  eeva = await made.enrol('eeva');
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(made.server.context.dataFolder, 'vault.key'), path.join(folder, 'vault.key'));
  await made.close();
  [first, second] = await Promise.all([serve('first'), serve('second')]);
});
afterAll(async () => {
  for (const each of [first, second])
    if (each !== undefined && each.child.exitCode === null && each.child.signalCode === null)
      await each.stop('SIGKILL');
  await store?.drop();
  target?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(launcher: Launcher, device: Device, name: string): Promise<string> {
  const session = await made.open(device, name, 'deploy');
  launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
  return session.id;
}

async function seqOfNext(launcher: Launcher, sessionId: string): Promise<number> {
  for (;;) {
    const message = await launcher.next('lease');
    if (message.sessionId === sessionId) return (JSON.parse(message.lease.payload) as { seq: number }).seq;
  }
}

it('a server that is killed takes its wires with it and nothing else: direct sessions go on at the other, orders are confirmed, what nobody holds ends', {
  timeout: 90_000,
}, async () => {
  const old = await connectLauncher(first.at(jonas));
  const direct = await open(old, first.at(jonas), 'edge');
  const relayed = await open(old, first.at(jonas), 'web-1');
  const socket = await webSocket(first.at(jonas), `/v1/relay/${relayed}`);
  const wire = ended(socket);
  await once(socket, 'message');
  const stopOld = old.beat(direct);
  const away = await connectLauncher(first.at(eeva));
  const abandoned = await open(away, first.at(eeva), 'web-2');
  const stopAway = away.beat(abandoned);
  const last = await seqOfNext(old, direct);
  await seqOfNext(away, abandoned);

  stopOld();
  stopAway();
  await first.stop('SIGKILL');
  const killed = performance.now();
  expect((await wire).code).toBe(1006);
  const launcher = await connectLauncher(second.at(jonas), [direct, relayed]);
  launcher.beat(direct);
  // Numbers go on: the launcher takes no lease older than the one it holds.
  expect(await seqOfNext(launcher, direct)).toBeGreaterThan(last);
  expect(performance.now() - killed).toBeLessThan(10_000);

  // Its wire was in the one that is dead, and nobody there can say any more that it closed.
  const order = await second.as('mira', 'killSession', { params: { sessionId: relayed }, body: { reason: 'x' } });
  expect((await launcher.next('kill')).orderId).toBe(order.id);
  launcher.say({
    type: 'order-done',
    orderId: order.id,
    socketClosedAt: new Date().toISOString(),
    closedMs: 1,
    survivors: 'none',
  });

  const running = async () => (await second.as('mira', 'listSessions')).sessions.map((each) => each.sessionId);
  await expect.poll(running, { timeout: 20_000, interval: 250 }).not.toContain(abandoned);
  // Its last word came a little before the kill; 15 s, and the second between two looks.
  expect(performance.now() - killed).toBeLessThan(16_500);
  const view = () => second.as('mira', 'getOrder', { params: { orderId: order.id } });
  await expect.poll(async () => (await view()).state, { timeout: 20_000 }).toBe('confirmed');
  expect(await running()).toContain(direct);
  await launcher.close();
  await second.stop('SIGTERM');
});
