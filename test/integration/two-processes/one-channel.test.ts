import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Writer } from '../../../src/control/store/database.ts';
import { connectLauncher, ended, webSocket } from '../live-world/sockets.ts';
import { type Device, startWorld, type World } from '../live-world/world.ts';

let world: World;
let db: Writer;

beforeAll(async () => {
  world = await startWorld();
  await world.apply([]);
  db = world.server.context.shared?.db ?? expect.unreachable('a shared database');
});
afterAll(async () => {
  await world?.close();
});

function numberOf(deviceId: string) {
  return db.selectFrom('control_channels').select('number').where('device_id', '=', deviceId).executeTakeFirst();
}

/** What is done while no channel of the device can be numbered. */
async function whileNotNumbered(deviceId: string, work: () => Promise<void>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.selectFrom('control_channels').selectAll().where('device_id', '=', deviceId).forUpdate().execute();
    await work();
  });
}

async function opened(device: Device): Promise<WebSocket> {
  const socket = await webSocket(device, '/v1/control');
  await once(socket, 'open');
  return socket;
}

async function turn(socket: WebSocket): Promise<void> {
  socket.ping();
  await once(socket, 'pong');
}

it('a channel answers nothing before it is numbered, so that a launcher that connects anew has the greater number', async () => {
  const device = await world.enrol('jonas');
  await (await connectLauncher(device)).close();
  const heard: string[] = [];
  let hello: Promise<unknown> = Promise.resolve();
  await whileNotNumbered(device.deviceId, async () => {
    const socket = await opened(device);
    hello = once(socket, 'message');
    socket.on('message', (data) => heard.push((JSON.parse(data.toString()) as { type: string }).type));
    socket.send(JSON.stringify({ type: 'hello', version: 'test', sessions: [] }));
    // The second comes after whatever the first message led to.
    for (const _ of [1, 2]) await turn(socket);
    expect(heard).not.toContain('hello');
  });
  await hello;
  expect(heard).toContain('hello');
  expect(await numberOf(device.deviceId)).toEqual({ number: 2 });
});

it('a channel that is gone before its turn gets no number, and the newest stays', async () => {
  const device = await world.enrol('eeva');
  await (await connectLauncher(device)).close();
  let older: Promise<{ code: number }>[] = [];
  let newest: ReturnType<typeof connectLauncher> = Promise.reject(new Error('not opened'));
  newest.catch(() => undefined);
  await whileNotNumbered(device.deviceId, async () => {
    older = [ended(await opened(device)), ended(await opened(device))];
    newest = connectLauncher(device);
    expect(await Promise.all(older)).toMatchObject([{ code: 4006 }, { code: 4006 }]);
  });
  const launcher = await newest;
  // The first of them may have been on its way to the database already; the second waited behind it.
  expect((await numberOf(device.deviceId))?.number).toBeLessThan(4);
  await turn(launcher.socket);
  expect(launcher.socket.readyState).toBe(launcher.socket.OPEN);
  await launcher.close();
});
