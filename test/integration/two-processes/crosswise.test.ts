import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OrderView } from '../../../src/shared/model/order.ts';
import { type Sshd, startSshd } from '../../harness/session/sshd.ts';
import { connectLauncher, ended, type Launcher, relayPort, webSocket } from '../live-world/sockets.ts';
import { runSsh } from '../live-world/ssh-client.ts';
import type { Device, World } from '../live-world/world.ts';
import { type Pair, startPair } from './pair.ts';

let pair: Pair;
let sshd: Sshd;
/** Of `a`; `at` moves a device to a server. */
let jonas: Device;

beforeAll(async () => {
  pair = await startPair();
  sshd = await startSshd();
  writeFileSync(`${sshd.authority}.pub`, `${pair.b.server.context.services.broker.authority}\n`);
  const common = { host: '127.0.0.1', port: sshd.port, logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey] };
  const names = Array.from({ length: 12 }, (_, index) => `web-${index}`);
  await pair.a.apply(
    [...names.map((name) => ({ name, ...common })), { name: 'edge', route: 'direct' as const, ...common }],
    [`127.0.0.1:${sshd.port}`],
  );
  jonas = await pair.a.enrol('jonas');
});
afterAll(async () => {
  await sshd?.stop();
  await pair?.close();
});

/** Every way round: which server is the first and which the other. */
const ways = [
  ['a', 'b'],
  ['b', 'a'],
] as const;

async function orderWhen(at: World, orderId: string, ready: (view: OrderView) => boolean): Promise<OrderView> {
  const ask = (query: Record<string, string>) => at.as('mira', 'getOrder', { params: { orderId }, query });
  let view = await ask({});
  while (!ready(view)) view = await ask({ waitMs: '1000', after: view.state });
  return view;
}

/** A wire that carries: what the target says first has come. */
async function wireOf(device: Device, sessionId: string) {
  const socket = await webSocket(device, `/v1/relay/${sessionId}`);
  const relayed = ended(socket);
  await once(socket, 'message');
  return { relayed, close: () => socket.terminate() };
}

/** The number of the next lease of a session. */
async function leaseOf(launcher: Launcher, sessionId: string): Promise<number> {
  for (;;) {
    const message = await launcher.next('lease');
    if (message.sessionId === sessionId) return (JSON.parse(message.lease.payload) as { seq: number }).seq;
  }
}

describe.each(ways)('with the launcher at %s', (one, other) => {
  it(`a kill given at ${other} tells it and cuts a wire here`, async () => {
    const [here, there] = [pair[one], pair[other]];
    const device = await here.enrol('jonas');
    const launcher = await connectLauncher(here.moved(device));
    const target = `web-${one === 'a' ? 2 : 3}`;
    const session = await here.open(here.moved(device), target, sshd.login);
    const relay = await wireOf(here.moved(device), session.id);
    const begun = performance.now();
    const answered = await there.as('mira', 'killSession', {
      params: { sessionId: session.id },
      body: { reason: 'from the other' },
    });
    expect(await relay.relayed).toEqual({ code: 4001, reason: 'killed' });
    expect((await launcher.next('kill')).orderId).toBe(answered.id);
    expect(performance.now() - begun).toBeLessThan(2000);
    await orderWhen(there, answered.id, (found) => found.state === 'sent' && found.relayClosedAt !== null);
    const waiting = there.as('mira', 'getOrder', {
      params: { orderId: answered.id },
      query: { waitMs: '10000', after: 'sent' },
    });
    const said = performance.now();
    launcher.say({ type: 'order-received', orderId: answered.id, at: new Date().toISOString() });
    expect((await waiting).state).toBe('received');
    expect(performance.now() - said).toBeLessThan(1000);
    launcher.say({
      type: 'order-done',
      orderId: answered.id,
      socketClosedAt: new Date().toISOString(),
      closedMs: 1,
      survivors: 'none',
    });
    const view = await orderWhen(there, answered.id, (found) => found.state === 'confirmed');
    // On the clock of the database from the moment it was stored there to the closed socket here.
    expect(view.relayClosedMs).toBeGreaterThan(0);
    expect(view.relayClosedMs).toBeLessThan(500);
    const cannot = here.open(here.moved(device), target, sshd.login);
    await expect(cannot).rejects.toMatchObject({ code: 'SP-2003' });
    await there.as('mira', 'liftLock', { params: { lockId: answered.lockId } });
    await here.open(here.moved(device), target, sshd.login);
    await launcher.close();
    relay.close();
  });

  it(`a kill given there waits for the wire at ${other} before it is confirmed, and not for one that closed before`, async () => {
    const [here, there] = [pair[one], pair[other]];
    const device = await here.enrol('jonas');
    const launcher = await connectLauncher(here.moved(device));
    const wired = await here.open(here.moved(device), `web-${one === 'a' ? 4 : 5}`, sshd.login);
    const relay = await wireOf(there.moved(device), wired.id);
    const closed = await there.open(there.moved(device), `web-${one === 'a' ? 6 : 7}`, sshd.login);
    const before = await wireOf(there.moved(device), closed.id);
    before.close();
    await before.relayed;
    // The other one is not told and finds the order when it looks: by then the launcher has long said that it is done.
    const { bus } = here.server.context;
    const publish = bus.publish.bind(bus);
    const deaf = vi.spyOn(bus, 'publish').mockImplementation((topic, message) => {
      if (topic !== 'order-issued') publish(topic, message);
    });
    for (const session of [wired, closed]) {
      const order = await here.as('mira', 'killSession', { params: { sessionId: session.id }, body: { reason: 'x' } });
      await launcher.next('kill');
      launcher.say({
        type: 'order-done',
        orderId: order.id,
        socketClosedAt: new Date().toISOString(),
        closedMs: 1,
        survivors: 'none',
      });
      const done = await orderWhen(there, order.id, (found) => found.socketClosedAtClient !== null);
      expect(done.state).toBe(session === wired ? 'socket-closed' : 'confirmed');
      const view = await orderWhen(there, order.id, (found) => found.state === 'confirmed');
      expect(view.relayClosedAt === null).toBe(session === closed);
      await there.as('mira', 'liftLock', { params: { lockId: view.lockId } });
    }
    deaf.mockRestore();
    expect((await relay.relayed).code).toBe(4001);
    await launcher.close();
    relay.close();
  });
});

// Of the same person at different targets, at the same time: they take as long as leases do.
describe.concurrent.each(ways)('as long as leases last, with the launcher at %s', (one, other) => {
  it(`its channel is superseded by one at ${other}, which gets the open orders and leases with greater numbers`, async () => {
    const [here, there] = [pair[one], pair[other]];
    const device = await here.enrol('jonas');
    const old = await connectLauncher(here.moved(device));
    const session = await here.open(here.moved(device), 'edge', sshd.login);
    const ordered = await here.open(here.moved(device), `web-${one === 'a' ? 8 : 9}`, sshd.login);
    old.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
    const stopOld = old.beat(session.id);
    const last = await leaseOf(old, session.id);
    stopOld();
    const launcher = await connectLauncher(there.moved(device), [session.id]);
    expect((await old.closed).code).toBe(4006);
    const order = await here.as('mira', 'killSession', { params: { sessionId: ordered.id }, body: { reason: 'x' } });
    expect((await launcher.next('kill')).orderId).toBe(order.id);
    const stop = launcher.beat(session.id);
    expect(await leaseOf(launcher, session.id)).toBeGreaterThan(last);
    stop();
    await launcher.close();
    await here.as('mira', 'liftLock', { params: { lockId: order.lockId } });
  });

  it(`a session granted there logs in and is relayed at ${other}, and lives on by leases of ${one}`, async () => {
    const [here, there] = [pair[one], pair[other]];
    const device = await here.enrol('jonas');
    const launcher = await connectLauncher(here.moved(device));
    const session = await here.open(here.moved(device), `web-${one === 'a' ? 0 : 1}`, sshd.login);
    const relay = await relayPort(there.moved(device), session.id);
    const away = { ...session, device: there.moved(device) };
    const ssh = await runSsh({
      world: there,
      session: away,
      port: relay.port,
      command: 'echo ready-$((1+1)); sleep 18; echo still-$((2+2))',
    });
    await ssh.shows('ready-2');
    launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
    const stop = launcher.beat(session.id);
    // Past the first lease and its grace: the wire there has heard of renewals here.
    await ssh.shows('still-4');
    const first = await leaseOf(launcher, session.id);
    expect(await leaseOf(launcher, session.id)).toBeGreaterThan(first);
    stop();
    await launcher.close();
    relay.close();
  });

  it(`a session whose launcher falls silent loses its wire at ${other} within 15 s, and is over for both`, async () => {
    const [here, there] = [pair[one], pair[other]];
    const device = await here.enrol('eeva');
    const launcher = await connectLauncher(here.moved(device));
    const session = await here.open(here.moved(device), `web-${one === 'a' ? 10 : 11}`, sshd.login);
    const relay = await wireOf(there.moved(device), session.id);
    launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
    launcher.beat(session.id)();
    const heard = performance.now();
    expect((await relay.relayed).code).toBe(4002);
    expect(performance.now() - heard).toBeLessThan(15_500);
    const runs = async (at: World) =>
      (await at.as('mira', 'listSessions')).sessions.some((each) => each.sessionId === session.id);
    await vi.waitFor(async () => expect([await runs(here), await runs(there)]).toEqual([false, false]), 2000);
    // Written down after the cut, which does not wait for it.
    await vi.waitFor(async () => expect(await here.auditOf(session.id)).toContain('session.lease-expired'), 2000);
    await launcher.close();
    relay.close();
  });
});

describe('asked of both at once', () => {
  it('a login is signed once', async () => {
    const session = await pair.a.open(jonas, 'web-0', sshd.login);
    const relay = await relayPort(pair.b.moved(jonas), session.id);
    const ssh = await runSsh({
      world: pair.a,
      session: { ...session, device: pair.balanced(jonas) },
      port: relay.port,
      command: 'echo in-$((1+1))',
      tries: 20,
    });
    await ssh.exited;
    expect([ssh.signatures(), ssh.output()]).toEqual([1, expect.stringContaining('in-2')]);
    expect(await pair.sql('select count(*)::int as keys from login_keys')).toEqual([{ keys: expect.any(Number) }]);
    const left = await pair.sql(`select 1 from login_keys where session_id = '${session.id}'`);
    expect(left).toEqual([]);
    relay.close();
  });

  it('a session is relayed once', async () => {
    const session = await pair.a.open(jonas, 'web-1', sshd.login);
    const tries = await Promise.all(
      Array.from({ length: 6 }, (_, index) => relayPort(pair[index % 2 === 0 ? 'a' : 'b'].moved(jonas), session.id)),
    );
    const refused = await Promise.all(
      tries.map((each) => Promise.race([each.relayed, new Promise((resolve) => setTimeout(resolve, 500, 'carries'))])),
    );
    expect(refused.filter((each) => each === 'carries')).toHaveLength(1);
    for (const each of tries) each.close();
  });

  it('a proof is taken once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        pair[index % 2 === 0 ? 'a' : 'b'].server.context.replayGuard.firstUse(
          { thumbprint: 'x', jti: 'the same for all of them' },
          new Date(),
        ),
      ),
    );
    expect(answers.filter((first) => first)).toHaveLength(1);
  });

  it('two kills of one session are one order', async () => {
    const session = await pair.a.open(jonas, 'edge', sshd.login);
    const kill = (at: World) =>
      at.as('mira', 'killSession', { params: { sessionId: session.id }, body: { reason: 'x' } });
    const [first, second] = await Promise.all([kill(pair.a), kill(pair.b)]);
    expect(second.id).toBe(first.id);
    await pair.b.as('mira', 'liftLock', { params: { lockId: first.lockId } });
  });
});

describe('moved on by both at once', () => {
  it('an order keeps what either said', async () => {
    const device = await pair.a.enrol('eeva');
    const sessions = [];
    for (let count = 0; count < 8; count += 1) sessions.push(await pair.a.open(device, 'edge', sshd.login));
    // One kill ends all of them: an order each.
    const { lockId } = await pair.a.as('mira', 'killSession', {
      params: { sessionId: sessions[0]?.id ?? '' },
      body: { reason: 'x' },
    });
    const { reader } = pair.a.server.context;
    const orders = () => reader.selectFrom('orders').selectAll().where('lock_id', '=', lockId).execute();
    const at = new Date().toISOString();
    const said = (await orders()).flatMap(({ id }) => [
      pair.a.server.context.services.orders.advance(id, device.deviceId, { type: 'received', at }),
      pair.b.server.context.services.orders.advance(id, device.deviceId, {
        type: 'done',
        at,
        socketClosedAt: at,
        closedMs: 1,
        survivors: 'none',
      }),
    ]);
    expect(said).toHaveLength(16);
    await Promise.all(said);
    expect((await orders()).map(({ state, survivors }) => [state, survivors])).toEqual(
      Array(8).fill(['confirmed', 'none']),
    );
    await pair.b.as('mira', 'liftLock', { params: { lockId } });
  });
});

describe('what one server changes', () => {
  it("ends a revoked device's channel and wire at the other within two seconds", async () => {
    const device = await pair.a.enrol('eeva');
    const launcher = await connectLauncher(device);
    const session = await pair.a.open(device, 'web-0', sshd.login);
    const relay = await wireOf(device, session.id);
    const begun = performance.now();
    await pair.b.as('sanna', 'revokeDevice', { params: { deviceId: device.deviceId } });
    expect((await launcher.next('revoked')).problem.code).toBe('SP-1005');
    expect((await launcher.closed).code).toBe(4005);
    expect((await relay.relayed).code).toBe(4005);
    expect(performance.now() - begun).toBeLessThan(2000);
    relay.close();
  });

  it('is told to launchers of the other: sessions, recordings, targets', async () => {
    const device = await pair.a.enrol('eeva');
    const launcher = await connectLauncher(device);
    await pair.b.open(pair.b.moved(device), 'edge', sshd.login);
    // Others may have come of what went before.
    while ((await launcher.next('changed')).what.join() !== 'sessions');
    await launcher.close();
  });

  it('decides at the other within two seconds: policies, and the targets that a person sees', async () => {
    const common = { host: '127.0.0.1', port: sshd.port, logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey] };
    const device = await pair.b.enrol('eeva');
    const launcher = await connectLauncher(device);
    expect((await pair.b.target(device, 'web-3')).name).toBe('web-3');
    const { organisation } = await inForce();
    await pair.a.as('sanna', 'apply', {
      body: {
        organisation,
        people: (await inForce()).people,
        targets: [{ name: 'web-0', ...common }],
        policies: [{ id: 'sight alone', cedar: 'permit(principal, action == Action::"SeeTarget", resource);' }],
      },
    });
    await launcher.next('changed');
    const { targets } = await device.client.call('listTargets');
    expect(targets.map(({ name, logins }) => [name, logins])).toEqual([['web-0', []]]);
    await expect(pair.b.open(device, 'web-0', sshd.login)).rejects.toMatchObject({ code: 'SP-2002' });
    await launcher.close();
  });
});

/** As the last apply said it. */
async function inForce() {
  const { reader } = pair.a.server.context;
  const org = await reader.selectFrom('organisation').selectAll().executeTakeFirstOrThrow();
  const people = await reader.selectFrom('people').selectAll().where('removed_at', 'is', null).execute();
  return {
    organisation: {
      name: org.name,
      breakGlassRecipient: org.break_glass_recipient,
      relayExceptions: org.relay_exceptions,
    },
    people: people.map(({ id, name, roles, groups }) => ({ id, name, roles, groups })),
  };
}
