import { afterEach, expect, test } from 'vitest';
import { type MainWorld, openOnlineWorld, openSession } from './main-world/launcher-world.ts';

let world: MainWorld | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

async function open() {
  const opened = await openOnlineWorld();
  world = opened.world;
  return opened;
}

test('the link says hello with its sessions, measures its round trip, and comes back by itself', async () => {
  const { app, control } = await open();
  await app.until(() => app.state.connection.state === 'online' && app.state.connection.roundTripMs !== null);
  const { sessionId } = await openSession(app);
  await control.until(() => control.heard.find((one) => one.type === 'session-opened'));
  control.cutChannel();
  await app.until(() => app.state.connection.state === 'offline');
  await app.until(() => app.state.connection.state === 'online');
  const hellos = await control.until(() => {
    const all = control.heard.filter((one) => one.type === 'hello');
    return all.length === 2 ? all : null;
  });
  expect(hellos.map((one) => one.sessions)).toEqual([[], [sessionId]]);
  // The server is told again what runs.
  await control.until(() => control.heard.filter((one) => one.type === 'session-opened').length === 2);
  expect(control.faults).toEqual([]);
});

test('a request that the server answers ends the wait for the next try', async () => {
  const { app, control } = await open();
  control.setWelcome(false);
  control.cutChannel();
  // Far enough that the next try would be a while off.
  await app.until(() => {
    const { connection } = app.state;
    return connection.state === 'offline' && connection.nextTryAtMs - Date.now() > 3000;
  });
  control.setWelcome(true);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const since = performance.now();
  await app.launcher.loadTargets(true);
  await app.until(() => app.state.connection.state === 'online');
  expect(performance.now() - since).toBeLessThan(1500);
});

test('an end that could not be told is told after the reconnect', async () => {
  const { app, control } = await open();
  const { child, sessionId } = await openSession(app);
  control.setWelcome(false);
  control.cutChannel();
  await app.until(() => app.state.connection.state === 'offline');
  await child.end({ kind: 'idle' });
  await app.until(() => app.sessions[0]?.state.state === 'ended');
  control.setWelcome(true);
  await app.launcher.retry();
  await control.until(() =>
    control.heard.find(
      (one) => one.type === 'session-ended' && one.sessionId === sessionId && one.reason.kind === 'idle',
    ),
  );
});

test.each(['{"type":"nonsense"}', 'not json', '{"type":"kill","sessionId":7}'])(
  'security 22: a server that says %s is not kept',
  async (text) => {
    const { app, control } = await open();
    control.send(text);
    const connection = await app.until(() => (app.state.connection.state === 'offline' ? app.state.connection : null));
    expect(connection.problem.code).toBe('SP-9002');
    expect(connection.nextTryAtMs).toBeGreaterThan(connection.sinceMs);
    await app.until(() => app.state.connection.state === 'online');
  },
);

test('security 22: after nonsense nothing of that link counts, a server that holds it open is cut off, and the session gets no lease', async () => {
  const { app, control } = await open();
  const { child, sessionId } = await openSession(app);
  const leases = () => child.got.filter((one) => one.type === 'lease').length;
  control.lease(sessionId, 1);
  await app.until(() => leases() === 1);
  const since = performance.now();
  control.setWelcome(false);
  control.send('{"type":"lease","sessionId":7}');
  control.lease(sessionId, 2);
  control.kill(sessionId);
  // It never answers the close.
  control.goSilent();
  await app.until(() => app.state.connection.state === 'offline');
  expect(performance.now() - since).toBeLessThan(2000);
  expect(child.got.map((one) => one.type)).not.toContain('kill');
  expect(leases()).toBe(1);
  control.setWelcome(true);
  await app.until(() => app.state.connection.state === 'online');
});

test('the targets are loaded once and again when the server says that they changed', async () => {
  const { app, control } = await open();
  const loads = () => control.requests.filter((name) => name === 'GET /v1/targets').length;
  await app.launcher.loadTargets(false);
  await app.launcher.loadTargets(false);
  expect(loads()).toBe(1);
  await app.launcher.loadTargets(true);
  expect(loads()).toBe(2);
  control.setScript(({ path }) => (path === '/v1/targets' ? { cut: true } : null));
  expect((await app.launcher.loadTargets(false)).targets).toHaveLength(1);
  await expect(app.launcher.loadTargets(true)).rejects.toMatchObject({ code: 'SP-1003' });
});

test('security 18: a link that is up but silent is given up within ten seconds', async () => {
  const { app, control } = await open();
  const since = performance.now();
  control.goSilent();
  const connection = await app.until(() => (app.state.connection.state === 'offline' ? app.state.connection : null));
  expect(performance.now() - since).toBeLessThan(12_000);
  expect(connection.problem).toMatchObject({ code: 'SP-1003', message: expect.stringContaining('does not answer') });
  await app.until(() => app.state.connection.state === 'online');
});

test('after a suspend every session is told that its lease is void', async () => {
  const { app } = await open();
  const { child } = await openSession(app);
  app.launcher.resumed();
  expect(child.got.at(-1)).toEqual({ type: 'resumed' });
});

test('an answer of another shape is not taken, whatever its status', async () => {
  const { app, control } = await open();
  control.setScript(({ path }) => (path === '/v1/targets' ? { status: 200, json: { targets: [{ name: 7 }] } } : null));
  await expect(app.launcher.loadTargets(true)).rejects.toMatchObject({ code: 'SP-9002' });
  control.setScript(({ path }) => (path === '/v1/targets' ? { status: 302, json: {} } : null));
  await expect(app.launcher.loadTargets(true)).rejects.toMatchObject({ code: 'SP-9002' });
});
