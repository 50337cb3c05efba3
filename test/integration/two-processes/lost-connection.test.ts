import { once } from 'node:events';
import type { Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, type MockInstance, vi } from 'vitest';
import { connectLauncher, ended, webSocket } from '../live-world/sockets.ts';
import type { Device } from '../live-world/world.ts';
import { applyMuteTargets, hostKeys, startMuteTarget } from './mute-target.ts';
import { type Pair, startPair } from './pair.ts';

let pair: Pair;
let target: Server;

beforeAll(async () => {
  target = await startMuteTarget();
  pair = await startPair();
  const names = Array.from({ length: 8 }, (_, index) => `web-${index}`);
  await applyMuteTargets(pair.a, target, names);
});
afterAll(async () => {
  await pair?.close();
  target?.close();
});

/** Ends every LISTEN connection; how many there were. */
async function terminate(): Promise<number> {
  const rows = await pair.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sallyport bus' and datname = current_database()`,
  );
  return rows.length;
}

async function wireOf(device: Device, sessionId: string) {
  const socket = await webSocket(device, `/v1/relay/${sessionId}`);
  const relayed = ended(socket);
  await once(socket, 'message');
  return { relayed, close: () => socket.terminate() };
}

/** Milliseconds until a kill given at one server had cut a wire at the other, and its launcher there knew. */
async function killAcross(name: string, before = async () => {}): Promise<number> {
  const device = await pair.a.enrol('jonas');
  const launcher = await connectLauncher(device);
  const session = await pair.a.open(device, name, 'deploy');
  const wire = await wireOf(device, session.id);
  await before();
  const begun = performance.now();
  const order = await pair.b.as('mira', 'killSession', { params: { sessionId: session.id }, body: { reason: 'x' } });
  expect((await wire.relayed).code).toBe(4001);
  expect((await launcher.next('kill')).orderId).toBe(order.id);
  const ms = performance.now() - begun;
  await pair.b.as('mira', 'liftLock', { params: { lockId: order.lockId } });
  await launcher.close();
  return ms;
}

it('an order crosses in a moment while the processes hear each other', async () => {
  const times: number[] = [];
  for (const name of ['web-0', 'web-1', 'web-2']) times.push(await killAcross(name));
  // Under a look, which would take a second.
  expect(Math.min(...times)).toBeLessThan(500);
});

it('an order is carried out although requests hold every connection to the database', async () => {
  const done = Promise.withResolvers<void>();
  const held: Promise<void>[] = [];
  const takeAll = async () => {
    const taken = Array.from({ length: 16 }, () => Promise.withResolvers<void>());
    for (const each of taken) {
      const work = pair.a.server.context.writer.connection().execute(() => {
        each.resolve();
        return done.promise;
      });
      held.push(work);
    }
    await Promise.all(taken.map(({ promise }) => promise));
  };
  try {
    expect(await killAcross('web-7', takeAll)).toBeLessThan(1500);
  } finally {
    done.resolve();
    await Promise.all(held);
  }
});

it('what is no message of theirs, or is from a process that does not exist, moves nothing but a look', async () => {
  const device = await pair.a.enrol('jonas');
  const session = await pair.a.open(device, 'web-7', 'deploy');
  // It takes no message that the schema does not know.
  const launcher = await connectLauncher(device);
  const forged = (topic: string, message: unknown) => JSON.stringify({ from: 'nobody', topic, message });
  for (const text of [
    'nonsense',
    '{}',
    forged('run', {}),
    forged('order-issued', { orderId: 1 }),
    forged('order-issued', { orderId: 'no-such-order', sessionId: 'no-such-session' }),
    forged('changed', { what: ['everything'], userId: null }),
  ])
    await pair.sql(`select pg_notify('sallyport', '${text}')`);
  // Still there, and still heard.
  pair.b.server.context.services.hub.changed(['me']);
  while ((await launcher.next('changed')).what.join() !== 'me');
  expect(pair.a.server.context.services.leases.cutAt(session.id)).not.toBeNull();
  await launcher.close();
});

describe('while nothing that one says is heard by the other', () => {
  const spies: MockInstance[] = [];
  beforeAll(() => {
    for (const world of [pair.a, pair.b]) spies.push(vi.spyOn(world.server.context.bus, 'publish').mockReturnValue());
  });
  afterAll(() => {
    for (const spy of spies) spy.mockRestore();
  });

  it('orders cross within two seconds', async () => {
    for (const name of ['web-3', 'web-4']) expect(await killAcross(name)).toBeLessThan(2000);
  });

  it('a revocation does', async () => {
    const device = await pair.a.enrol('eeva');
    const launcher = await connectLauncher(device);
    const session = await pair.a.open(device, 'web-5', 'deploy');
    const wire = await wireOf(device, session.id);
    const begun = performance.now();
    await pair.b.as('sanna', 'revokeDevice', { params: { deviceId: device.deviceId } });
    expect([(await launcher.closed).code, (await wire.relayed).code]).toEqual([4005, 4005]);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('an older channel is superseded', async () => {
    const device = await pair.a.enrol('jonas');
    const old = await connectLauncher(device);
    const begun = performance.now();
    const launcher = await connectLauncher(pair.b.moved(device));
    expect((await old.closed).code).toBe(4006);
    expect(performance.now() - begun).toBeLessThan(2000);
    await launcher.close();
  });

  it('an end does: the wire elsewhere goes', async () => {
    const device = await pair.a.enrol('jonas');
    const launcher = await connectLauncher(device);
    const session = await pair.a.open(device, 'web-6', 'deploy');
    const wire = await wireOf(pair.b.moved(device), session.id);
    const reason = { kind: 'disconnected', by: 'person' } as const;
    const begun = performance.now();
    launcher.say({ type: 'session-ended', sessionId: session.id, at: new Date().toISOString(), reason });
    expect((await wire.relayed).code).toBe(4000);
    expect(performance.now() - begun).toBeLessThan(2000);
    await launcher.close();
  });

  it('an apply does', async () => {
    const device = await pair.b.enrol('eeva');
    const { reader } = pair.a.server.context;
    const org = await reader.selectFrom('organisation').selectAll().executeTakeFirstOrThrow();
    const people = await reader.selectFrom('people').selectAll().where('removed_at', 'is', null).execute();
    await pair.a.as('sanna', 'apply', {
      body: {
        organisation: { name: org.name, breakGlassRecipient: org.break_glass_recipient },
        people: people.map(({ id, name, roles }) => ({ id, name, roles })),
        targets: [{ name: 'web-7', host: '127.0.0.1', logins: [{ name: 'deploy' }], hostKeys }],
        policies: [{ id: 'sight alone', cedar: 'permit(principal, action == Action::"SeeTarget", resource);' }],
      },
    });
    // Without a list before, whose version would make it look.
    await expect
      .poll(() => pair.b.server.context.policy.decide(person, question).then(({ allowed }) => allowed), {
        timeout: 2000,
        interval: 50,
      })
      .toBe(false);
    await device.client.close();
  });
});

it('a connection that was cut is made again, and then they hear each other as before', async () => {
  expect(await terminate()).toBe(2);
  await expect.poll(() => connections(), { timeout: 10_000 }).toBe(2);
  const device = await pair.a.enrol('jonas');
  const launcher = await connectLauncher(device);
  const begun = performance.now();
  pair.b.server.context.services.hub.changed(['me']);
  for (;;) if ((await launcher.next('changed')).what.join() === 'me') break;
  expect(performance.now() - begun).toBeLessThan(500);
  await launcher.close();
});

const person = { userId: 'eeva', name: 'Eeva Salo', roles: ['operator' as const], groups: [] };
const question = {
  action: 'Connect' as const,
  resource: {
    id: 'x',
    name: 'web-7',
    address: '127.0.0.1:22',
    production: false,
    route: 'relay' as const,
    owner: null,
    labels: {},
  },
  context: { login: 'deploy', granted: false },
};

async function connections(): Promise<number> {
  const rows = await pair.sql(
    `select 1 from pg_stat_activity where application_name = 'sallyport bus' and datname = current_database()`,
  );
  return rows.length;
}
