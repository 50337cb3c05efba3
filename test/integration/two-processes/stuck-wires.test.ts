import { once } from 'node:events';
import type { Server } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { connectLauncher, ended, type Launcher, webSocket } from '../live-world/sockets.ts';
import { applyMuteTargets, startMuteTarget } from './mute-target.ts';
import { type Pair, startPair } from './pair.ts';

const names = ['web-0', 'web-1', 'web-2'] as const;
let pair: Pair;
let target: Server;

beforeAll(async () => {
  target = await startMuteTarget();
  pair = await startPair();
  await applyMuteTargets(pair.a, target, names);
});
afterEach(() => void vi.restoreAllMocks());
afterAll(async () => {
  await pair?.close();
  target?.close();
});

/** A session whose wire is in the first process and whose launcher talks to the second. */
async function across(name: (typeof names)[number]) {
  const device = await pair.a.enrol('jonas');
  const launcher = await connectLauncher(pair.b.moved(device));
  const { id } = await pair.a.open(device, name, 'deploy');
  launcher.say({ type: 'session-opened', sessionId: id, at: new Date().toISOString() });
  const stop = launcher.beat(id);
  const socket = await webSocket(device, `/v1/relay/${id}`);
  const wire = ended(socket);
  await once(socket, 'message');
  return { id, launcher, socket, wire, stop };
}

async function closedAt(id: string): Promise<Date | null> {
  const { reader } = pair.b.server.context;
  const row = await reader.selectFrom('sessions').select('relay_closed_at').where('id', '=', id).executeTakeFirst();
  return row?.relay_closed_at ?? null;
}

function kill(id: string) {
  return pair.b.as('mira', 'killSession', { params: { sessionId: id }, body: { reason: 'x' } });
}

async function confirms(launcher: Launcher, orderId: string): Promise<void> {
  const socketClosedAt = new Date().toISOString();
  launcher.say({ type: 'order-done', orderId, socketClosedAt, closedMs: 1, survivors: 'none' });
  const view = () => pair.b.as('mira', 'getOrder', { params: { orderId } });
  await expect.poll(async () => (await view()).state, { timeout: 5000 }).toBe('confirmed');
}

it('a kill is confirmed although it could not be stored, when the wire closed, that it did', async () => {
  const { id, launcher, socket, stop } = await across('web-0');
  const { writer } = pair.a.server.context;
  const update = writer.updateTable.bind(writer);
  const refused = Promise.withResolvers<void>();
  const spy = vi.spyOn(writer, 'updateTable').mockImplementation(((table: 'sessions') => {
    if (table !== 'sessions') return update(table);
    refused.resolve();
    throw new Error('the database is away');
  }) as unknown as typeof writer.updateTable);
  socket.terminate();
  await refused.promise;
  spy.mockRestore();
  const order = await kill(id);
  await launcher.next('kill');
  await confirms(launcher, order.id);
  stop();
  await launcher.close();
});

it('a kill is confirmed although the order could not be read by the process that cut', async () => {
  const { id, launcher, wire, stop } = await across('web-1');
  const shared = pair.a.server.context.shared;
  if (shared === null) throw new Error('these are two processes');
  const select = shared.db.selectFrom.bind(shared.db);
  let failed = 0;
  const spy = vi.spyOn(shared.db, 'selectFrom').mockImplementation(((table: 'orders') => {
    if (table !== 'orders') return select(table);
    failed += 1;
    throw new Error('the database is away');
  }) as unknown as typeof shared.db.selectFrom);
  const order = await kill(id);
  expect((await wire).code).toBe(4001);
  expect(failed).toBeGreaterThan(0);
  spy.mockRestore();
  await launcher.next('kill');
  await confirms(launcher, order.id);
  stop();
  await launcher.close();
});

it('a wire that was cut for a kill that could not be stored is known to be closed', async () => {
  const { id, launcher, wire, stop } = await across('web-2');
  pair.b.server.context.bus.publish('session-cut', { sessionId: id });
  expect((await wire).code).toBe(4001);
  await expect.poll(() => closedAt(id), { timeout: 5000 }).not.toBeNull();
  stop();
  await launcher.close();
});
