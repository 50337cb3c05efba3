import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDocument } from '../../src/recording/signatures/signed.ts';
import type { OrderView } from '../../src/shared/model/order.ts';
import { orderPayloadSchema } from '../../src/shared/protocol/signed.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';
import { connectLauncher, relayPort } from './live-world/sockets.ts';
import { runSsh } from './live-world/ssh-client.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

let world: World;
let sshd: Sshd;
let jonas: Device;

beforeAll(async () => {
  world = await startWorld();
  sshd = await startSshd();
  writeFileSync(`${sshd.authority}.pub`, `${world.server.context.services.broker.authority}\n`);
  const common = { host: '127.0.0.1', port: sshd.port, logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey] };
  const names = ['web-01', 'web-02', 'web-03', 'web-04', 'web-05', 'web-06'];
  await world.apply(
    [...names.map((name) => ({ name, ...common })), { name: 'edge-01', route: 'direct' as const, ...common }],
    [`127.0.0.1:${sshd.port}`],
  );
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  await sshd?.stop();
  await world?.close();
});

const kill = (sessionId: string, reason = 'wrong host') =>
  world.as('mira', 'killSession', { params: { sessionId }, body: { reason } });
const order = (orderId: string, query: Record<string, string> = {}, as = 'mira') =>
  world.as(as, 'getOrder', { params: { orderId }, query });

async function orderWhen(orderId: string, ready: (view: OrderView) => boolean): Promise<OrderView> {
  let view = await order(orderId);
  while (!ready(view)) view = await order(orderId, { waitMs: '1000', after: view.state });
  return view;
}

describe('a kill', () => {
  it('closes the wire at once, is signed, confirmed with times, and locks', async () => {
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'web-01', sshd.login);
    const relay = await relayPort(jonas, session.id);
    const ssh = await runSsh({ world, session, port: relay.port, command: 'echo ready-$((1+1)); exec sleep 600' });
    await ssh.shows('ready-2');
    launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });

    const answered = await kill(session.id);
    expect(await relay.relayed).toEqual({ code: 4001, reason: 'killed' });
    await ssh.exited;
    await sshd.logged(/Connection (closed|reset)|Read error|Close session/);

    const message = await launcher.next('kill');
    expect(message).toMatchObject({ sessionId: session.id, orderId: answered.id });
    const payload = openDocument({
      signed: message.order,
      publicKey: jonas.serverKey,
      namespace: 'order@sallyport',
      schema: orderPayloadSchema,
    });
    expect(payload).toMatchObject({
      orderId: answered.id,
      sessionId: session.id,
      reason: 'wrong host',
      by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
      lock: { targetName: 'web-01' },
    });

    const cut = await orderWhen(answered.id, (view) => view.relayClosedAt !== null && view.state === 'sent');
    expect(cut).toMatchObject({ state: 'sent', confirmedAt: null });
    launcher.say({ type: 'order-received', orderId: answered.id, at: new Date().toISOString() });
    await orderWhen(answered.id, (view) => view.state === 'received');
    launcher.say({
      type: 'order-done',
      orderId: answered.id,
      socketClosedAt: new Date().toISOString(),
      closedMs: 1.5,
      survivors: 'unknown',
    });
    const confirmed = await orderWhen(answered.id, (view) => view.state === 'confirmed');
    expect(confirmed).toMatchObject({ launcherClosedMs: 1.5, survivors: 'unknown' });
    expect(confirmed.relayClosedMs).toBeLessThan(1000);
    const line = world.relayLog().find((entry) => entry.orderId === answered.id);
    expect(line).toMatchObject({ event: 'closed', sessionId: session.id, why: 'killed' });

    const again = world.open(jonas, 'web-01', sshd.login);
    await expect(again).rejects.toMatchObject({
      code: 'SP-2003',
      message: expect.stringMatching(/Mira Okafor .*"wrong host".*ask Mira Okafor/),
    });
    expect((await world.target(jonas, 'web-01')).lock).toMatchObject({ by: 'Mira Okafor', reason: 'wrong host' });
    await expect(world.as('jonas', 'liftLock', { params: { lockId: confirmed.lockId } })).rejects.toMatchObject({
      code: 'SP-5003',
    });
    await expect(world.as('eeva', 'liftLock', { params: { lockId: confirmed.lockId } })).rejects.toMatchObject({
      code: 'SP-5002',
    });
    await world.as('mira', 'liftLock', { params: { lockId: confirmed.lockId } });
    await world.open(jonas, 'web-01', sshd.login);
    expect(await world.auditOf(confirmed.id)).toEqual(['order.requested', 'order.confirmed']);
    expect(await world.auditOf(confirmed.lockId)).toEqual(expect.arrayContaining(['lock.created', 'lock.lifted']));
    await launcher.close();
    relay.close();
  });

  it('is sent again after a reconnect until it is done, and cuts the wire although the launcher is away', async () => {
    const session = await world.open(jonas, 'web-02', sshd.login);
    const relay = await relayPort(jonas, session.id);
    // A kill that comes before there is a wire cuts none, and has no time of it to tell.
    await relay.carries;
    const answered = await kill(session.id);
    expect((await relay.relayed).code).toBe(4001);
    const cut = await orderWhen(answered.id, (view) => view.relayClosedAt !== null);
    expect(cut).toMatchObject({ state: 'requested', sentAt: null });
    for (const _ of [1, 2]) {
      const launcher = await connectLauncher(jonas);
      expect((await launcher.next('kill')).orderId).toBe(answered.id);
      await launcher.close();
    }
    const launcher = await connectLauncher(jonas);
    await launcher.next('kill');
    launcher.say({
      type: 'order-done',
      orderId: answered.id,
      socketClosedAt: new Date().toISOString(),
      closedMs: 0,
      survivors: 'unknown',
    });
    await orderWhen(answered.id, (view) => view.state === 'confirmed');
    const last = await connectLauncher(jonas);
    expect((await launcher.closed).code).toBe(4006);
    const other = await world.open(jonas, 'web-03', sshd.login);
    const next = await kill(other.id);
    // Orders come in order: had the first been sent again, it would have come before.
    expect((await last.next('kill')).orderId).toBe(next.id);
    await last.close();
    relay.close();
  });

  it('of a session that has one already answers the first; of an ended one is refused; none of it tells strangers anything', async () => {
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'web-04', sshd.login);
    await expect(
      world.as('eeva', 'killSession', { params: { sessionId: session.id }, body: { reason: 'x' } }),
    ).rejects.toMatchObject({ code: 'SP-5002' });
    await expect(
      world.as('henrik', 'killSession', { params: { sessionId: session.id }, body: { reason: 'x' } }),
    ).rejects.toMatchObject({ code: 'SP-5003' });
    const [first, second] = await Promise.all([kill(session.id, 'a'), kill(session.id, 'b')]);
    expect(second.id).toBe(first.id);
    await expect(order(first.id, {}, 'eeva')).rejects.toMatchObject({ code: 'SP-4010' });
    await expect(order('no-such-order')).rejects.toMatchObject({ code: 'SP-4010' });
    const reason = { kind: 'disconnected', by: 'person' } as const;
    launcher.say({ type: 'session-ended', sessionId: session.id, at: new Date().toISOString(), reason });
    // Handled after the one above, so its effect says that the end is stored.
    launcher.say({ type: 'order-received', orderId: first.id, at: new Date().toISOString() });
    await orderWhen(first.id, (view) => view.state === 'received');
    await expect(kill(session.id)).rejects.toMatchObject({ code: 'SP-4011' });
    await launcher.close();
  });

  it('of a direct session goes to the launcher alone and says so', async () => {
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'edge-01', sshd.login);
    const answered = await kill(session.id);
    await launcher.next('kill');
    launcher.say({
      type: 'order-done',
      orderId: answered.id,
      socketClosedAt: new Date().toISOString(),
      closedMs: 2,
      survivors: 'none',
    });
    const view = await orderWhen(answered.id, (found) => found.state === 'confirmed');
    expect(view).toMatchObject({ relayClosedAt: null, relayClosedMs: null, survivors: 'none' });
    await launcher.close();
  });

  it('stops the relay and the broker from serving that session afterwards', async () => {
    const session = await world.open(jonas, 'web-05', sshd.login);
    await kill(session.id);
    const relay = await relayPort(jonas, session.id);
    expect((await relay.relayed).code).toBe(4001);
    const empty = { sshSessionId: '', hostKey: '', hostSignature: '', toSign: '' };
    await expect(
      jonas.client.call('loginSignature', { params: { sessionId: session.id }, body: empty }),
    ).rejects.toMatchObject({ code: 'SP-2041' });
    relay.close();
  });
});

describe('a kill that cannot be stored', () => {
  it('cuts the wire all the same, and says what it could not do', async () => {
    const session = await world.open(jonas, 'web-06', sshd.login);
    const relay = await relayPort(jonas, session.id);
    const other = await world.open(jonas, 'web-06', sshd.login);
    const otherRelay = await relayPort(jonas, other.id);
    const elsewhere = await world.open(jonas, 'web-01', sshd.login);
    const elsewhereRelay = await relayPort(jonas, elsewhere.id);
    // Their admission reads the table that goes away now.
    const opened = (id: string) => world.relayLog().some((line) => line.sessionId === id);
    await expect.poll(() => [session, other, elsewhere].every(({ id }) => opened(id))).toBe(true);
    const { writer } = world.server.context;
    await writer.schema.alterTable('locks').renameTo('locks_away').execute();
    try {
      await expect(kill(session.id)).rejects.toMatchObject({
        code: 'SP-5010',
        message: expect.stringMatching(/no lock.*relay was cut/),
      });
      expect((await relay.relayed).code).toBe(4001);
      // The other session of this person at this target as well, and no more.
      expect((await otherRelay.relayed).code).toBe(4001);
      expect(world.relayLog().some((line) => line.sessionId === elsewhere.id && line.event === 'closed')).toBe(false);
    } finally {
      await writer.schema.alterTable('locks_away').renameTo('locks').execute();
    }
    expect(await kill(session.id)).toMatchObject({ state: expect.any(String) });
    for (const each of [relay, otherRelay, elsewhereRelay]) each.close();
  });
});

describe('the control channel', () => {
  it.each([
    ['no JSON', 'nonsense'],
    ['an unknown message', '{"type":"launch"}'],
    ['a message without its fields', '{"type":"order-done"}'],
    ['a binary frame', Buffer.from('{"type":"heartbeat"}')],
    ['a huge message', `{"type":"hello","version":"${'x'.repeat(70_000)}","sessions":[]}`],
  ])('is closed at %s', async (_name, text) => {
    const launcher = await connectLauncher(jonas);
    launcher.sayRaw(text);
    expect((await launcher.closed).code).toBe(4900);
  });

  it("is closed when a launcher speaks of another device's session or order", async () => {
    const eeva = await world.enrol('eeva');
    const session = await world.open(eeva, 'web-01', sshd.login);
    for (const message of [
      { type: 'session-opened', sessionId: session.id, at: 'now' },
      { type: 'recording-head', sessionId: session.id, outputBytes: 1, inputBytes: 1, frames: 1, chain: '' },
      { type: 'order-received', orderId: 'not-mine', at: 'now' },
    ] as const) {
      const launcher = await connectLauncher(jonas);
      launcher.say(message);
      expect((await launcher.closed).code).toBe(4900);
    }
  });

  it('shows running sessions to those who may see them, and to their own person', async () => {
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'web-01', sshd.login);
    launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
    launcher.say({
      type: 'recording-head',
      sessionId: session.id,
      outputBytes: 77,
      inputBytes: 3,
      frames: 2,
      chain: 'ab',
    });
    // Handled last: its refusal says that the others were.
    launcher.say({ type: 'order-received', orderId: 'of nobody', at: '' });
    await launcher.closed;
    const seen = async (person: string) =>
      (await world.as(person, 'listSessions')).sessions.find((entry) => entry.sessionId === session.id);
    expect(await seen('mira')).toMatchObject({
      user: { id: 'jonas' },
      target: { name: 'web-01' },
      state: 'open',
      route: 'relay',
      head: { outputBytes: 77 },
    });
    expect(await seen('jonas')).toBeDefined();
    expect(await seen('eeva')).toBeUndefined();
  });

  it('of a revoked person is closed within two seconds, with the relay', async () => {
    const eeva = await world.enrol('eeva');
    const launcher = await connectLauncher(eeva);
    const session = await world.open(eeva, 'web-02', sshd.login);
    const relay = await relayPort(eeva, session.id);
    const begun = performance.now();
    world.server.context.events.emit('devices-revoked', {
      deviceIds: [eeva.deviceId],
      userId: 'eeva',
      because: 'left the firm',
    });
    expect((await launcher.next('revoked')).problem).toMatchObject({
      code: 'SP-1005',
      message: expect.stringContaining('left the firm'),
    });
    expect((await launcher.closed).code).toBe(4005);
    expect((await relay.relayed).code).toBe(4005);
    expect(performance.now() - begun).toBeLessThan(2000);
    relay.close();
  });
});
