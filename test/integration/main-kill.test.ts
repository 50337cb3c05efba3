import { generateKeyPairSync } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { LauncherToControl } from '../../src/shared/protocol/control-channel.ts';
import { problem } from './main-world/fake-control.ts';
import { type MainWorld, openOnlineWorld, openSession } from './main-world/launcher-world.ts';

let world: MainWorld | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

async function open() {
  const opened = await openOnlineWorld();
  world = opened.world;
  const done = (orderId: string) =>
    opened.control.until(() =>
      opened.control.heard.find(
        (one): one is Extract<LauncherToControl, { type: 'order-done' }> =>
          one.type === 'order-done' && one.orderId === orderId,
      ),
    );
  const ended = (id: string) =>
    opened.app.until(() => {
      const view = opened.app.sessions.find((one) => one.id === id);
      return view?.state.state === 'ended' ? { view, reason: view.state.reason } : null;
    });
  return { ...opened, done, ended };
}

test('a kill is forwarded, acknowledged, done, and shown with its times', async () => {
  const { app, control, done, ended } = await open();
  const { id, sessionId } = await openSession(app);
  const orderId = control.kill(sessionId);
  const { closedMs, survivors } = await done(orderId);
  expect(closedMs).toBeLessThan(250);
  expect(survivors).toBe('unknown');
  const order = control.heard.flatMap((one) =>
    one.type === 'order-received' || one.type === 'order-done' ? [one.type] : [],
  );
  expect(order).toEqual(['order-received', 'order-done']);
  const { view, reason } = await ended(id);
  expect(reason).toMatchObject({ kind: 'killed', orderId, by: 'Mira Okafor', reason: 'legal hold' });
  expect(view.kill).toMatchObject({ orderId, byRole: 'analyst', lockId: 'lock-1' });
  expect(view.kill!.closedMs!).toBeGreaterThanOrEqual(view.kill!.receivedMs);
  await control.until(() => control.heard.find((one) => one.type === 'session-ended' && one.sessionId === sessionId));
});

test('a deaf process is killed after 1 s, and the order is done', async () => {
  const { app, control, done, ended } = await open();
  app.setManners({ deaf: true });
  const { id, sessionId } = await openSession(app);
  const asked = performance.now();
  const { closedMs } = await done(control.kill(sessionId));
  expect(closedMs).toBeGreaterThanOrEqual(950);
  expect(performance.now() - asked).toBeLessThan(1500);
  expect((await ended(id)).reason).toMatchObject({ kind: 'killed', by: 'Mira Okafor' });
  expect(app.log.some((line) => line.startsWith('session.end-overdue'))).toBe(true);
  expect(app.log.some((line) => line.startsWith('session.sigkill') && line.includes('socket-open'))).toBe(true);
});

test('a record that is never sealed does not keep the process alive', async () => {
  const { app, control, done, ended } = await open();
  app.setManners({ neverSeals: true });
  const { id, sessionId } = await openSession(app);
  const asked = performance.now();
  expect((await done(control.kill(sessionId))).closedMs).toBeLessThan(250);
  expect((await ended(id)).reason).toMatchObject({ kind: 'killed' });
  expect(performance.now() - asked).toBeGreaterThan(5000);
  expect(performance.now() - asked).toBeLessThan(7000);
});

test('a forged order and one that names another session are refused', async () => {
  const { app, control } = await open();
  const { id, sessionId } = await openSession(app);
  control.kill(sessionId, generateKeyPairSync('ed25519').privateKey);
  control.kill(sessionId, control.serverKey, '33333333-3333-4333-8333-333333333333');
  // The next message on the same link is answered after them.
  const real = control.kill(sessionId);
  await control.until(() => control.heard.find((one) => one.type === 'order-done' && one.orderId === real));
  expect(app.log.filter((line) => line.startsWith('order.refused'))).toHaveLength(2);
  expect(app.children[0]!.got.filter((message) => message.type === 'kill')).toHaveLength(1);
  expect(app.sessions.find((one) => one.id === id)?.kill?.orderId).toBe(real);
});

test('an order that comes again is answered again, also after the session has ended', async () => {
  const { app, control, done, ended } = await open();
  const { id, child, sessionId } = await openSession(app);
  await done(control.kill(sessionId));
  await ended(id);
  await done(control.kill(sessionId));
  expect(child.got.filter((message) => message.type === 'kill')).toHaveLength(1);
});

test('an order that overtakes the grant bars the session', async () => {
  const { app, control, ended } = await open();
  let sessionId = '';
  control.setGrant((grant) => {
    sessionId = grant.sessionId;
    control.kill(sessionId);
    return grant;
  });
  // The answer waits until the order has been heard.
  const id = await app.connect();
  const { reason } = await ended(id);
  expect(['killed', 'connect-failed']).toContain(reason.kind);
  expect(app.children[0]!.got.filter((message) => message.type === 'start').length).toBeLessThanOrEqual(1);
});

test('a crashed process is an end with a reason, and its journal goes up', async () => {
  const { app, control, ended } = await open();
  const { id, child, sessionId } = await openSession(app);
  child.output('the last words');
  await control.until(() => control.heard.find((one) => one.type === 'recording-head' && one.outputBytes > 0));
  child.exit(139);
  expect((await ended(id)).reason).toMatchObject({ kind: 'process-crashed', problem: { code: 'SP-9003' } });
  const journal = await control.until(() => control.stored.get(sessionId)?.journal);
  expect(journal!.because).toContain('process-crashed');
});

test('a process that talks nonsense is ended', async () => {
  const { app, ended } = await open();
  const { id, child } = await openSession(app);
  child.say({ type: 'nonsense' });
  expect((await ended(id)).reason).toMatchObject({ kind: 'process-crashed', problem: { code: 'SP-9002' } });
  await app.until(() => app.launcher.supervisor.liveIds().length === 0);
});

test('what the server refuses is the end of the tab, in its words', async () => {
  const { app, control, ended } = await open();
  control.setScript(({ path }) =>
    path === '/v1/sessions' ? problem(403, 'SP-2003', 'Mira Okafor locked web-01 for you: legal hold.') : null,
  );
  expect((await ended(await app.connect())).reason).toMatchObject({
    kind: 'connect-failed',
    problem: { code: 'SP-2003', message: 'Mira Okafor locked web-01 for you: legal hold.' },
  });
});

test.each([
  ['another device', { device: { id: 'device-2', name: 'x' } }],
  ['another login', { login: 'root' }],
  ['another session key', { sessionKey: 'ssh-ed25519 AAAA' }],
])('a grant for %s opens nothing', async (_name, change) => {
  const { app, control, ended } = await open();
  control.setGrant((grant) => ({ ...grant, ...change }));
  expect((await ended(await app.connect())).reason).toMatchObject({
    kind: 'connect-failed',
    problem: { code: 'SP-1007' },
  });
  expect(app.children[0]!.got.filter((message) => message.type === 'start')).toEqual([]);
});

test('a screen is given once; quitting ends sessions and sends their records', async () => {
  const { app, control } = await open();
  const { id, child, sessionId } = await openSession(app);
  app.launcher.attach(id);
  expect(() => app.launcher.attach(id)).toThrow('already has its screen');
  await control.until(() => child.ports.length === 1 || null);
  await app.launcher.finish();
  expect(app.launcher.supervisor.runningCount()).toBe(0);
  expect(control.stored.get(sessionId)?.manifest).toMatch(/\nend .* "launcher quit"\n$/);
});

test('leases are forwarded, heads at most once a second', async () => {
  const { app, control } = await open();
  const { child, sessionId } = await openSession(app);
  control.send({ type: 'lease', sessionId, lease: { payload: '{}', signature: 'x' } });
  for (let i = 0; i < 20; i += 1)
    child.say({
      type: 'head',
      outputBytes: i + 1,
      inputBytes: 0,
      frames: i,
      chain: 'c',
      syncedAt: new Date().toISOString(),
    });
  await control.until(() => control.heard.find((one) => one.type === 'recording-head'));
  const first = performance.now();
  await control.until(() => control.heard.find((one) => one.type === 'recording-head' && one.outputBytes === 20));
  expect(performance.now() - first).toBeGreaterThan(800);
  expect(control.heard.filter((one) => one.type === 'recording-head').length).toBeLessThanOrEqual(3);
  expect(child.got.some((message) => message.type === 'lease')).toBe(true);
});
