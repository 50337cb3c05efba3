import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type FakeControl, problem } from './main-world/fake-control.ts';
import { type MainWorld, openMainWorld, openOnlineWorld, openSession } from './main-world/launcher-world.ts';

let world: MainWorld | null = null;
const signOut = 'DELETE /v1/devices/device-1';

afterEach(async () => {
  await world?.close();
  world = null;
});

test('enrols with an invite, pins the server, and is the same device after a restart', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  await app.until(
    () => app.state.enrolment.state === 'enrolled' && app.state.enrolment.me?.user.name === 'Jonas Lindqvist',
  );
  expect(app.state.enrolment).toMatchObject({ address: control.address, deviceKey: 'file' });
  const folder = join(app.spool, '..');
  expect(statSync(join(folder, 'identity.json')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, 'identity.json'), 'utf8')).not.toMatch(/PRIVATE/);
  await app.launcher.finish();

  const again = world.launcher();
  await again.launcher.start(null);
  await again.until(() => again.state.connection.state === 'online');
  expect((await again.launcher.loadTargets(false)).targets).toHaveLength(1);
  expect(control.requests.filter((name) => name === 'POST /v1/enrolments')).toHaveLength(1);
  expect(control.faults).toEqual([]);
});

test('a server with another authority than the invite says is told nothing', async () => {
  world = await openMainWorld();
  const app = world.launcher();
  await app.launcher.start(world.control.invite('ab'.repeat(32)));
  expect(app.state.enrolment).toMatchObject({ state: 'first-run', problem: { code: 'SP-1004' } });
  expect(world.control.requests).toEqual([]);
});

test('a server that cannot be reached, a refused code and a broken invite are said in words', async () => {
  world = await openMainWorld();
  const { control } = world;
  const app = world.launcher();
  control.setScript(() => problem(403, 'SP-1002', 'This invite was used.'));
  await expect(app.launcher.enrol(control.invite())).rejects.toMatchObject({
    code: 'SP-1002',
    message: 'This invite was used.',
  });
  await expect(app.launcher.enrol('sallyport-nonsense')).rejects.toMatchObject({ code: 'SP-1001' });
  const invite = control.invite();
  await control.stop();
  await expect(app.launcher.enrol(invite)).rejects.toMatchObject({
    code: 'SP-1003',
    message: expect.stringContaining(control.address),
  });
  expect(readdirSync(join(app.spool, '..'))).toEqual([]);
  await control.start();
});

test('after enrolment a certificate of another authority is refused on every request', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  const port = Number(new URL(control.address).port);
  await control.stop();
  const other = await openMainWorld();
  const impostor = createServer({ cert: other.control.tls.chain, key: other.control.tls.key }, (_request, reply) =>
    reply.end('{"targets":[]}'),
  );
  await new Promise<void>((resolve) => impostor.listen(port, '127.0.0.1', resolve));
  await expect(app.launcher.loadTargets(true)).rejects.toMatchObject({ code: 'SP-1004' });
  impostor.closeAllConnections();
  await new Promise((resolve) => impostor.close(resolve));
  await other.close();
  await control.start();
});

test('forgetting the device leaves neither key nor identity, and tells the server', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  await app.launcher.forget(null);
  expect(app.state.enrolment).toEqual({ state: 'first-run', managed: null, problem: null });
  expect(readdirSync(join(app.spool, '..')).filter((name) => name !== 'spool')).toEqual([]);
  expect(control.requests.filter((name) => name === signOut)).toHaveLength(1);
});

test('forgetting works without the server, too, and soon', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  control.setScript(({ method }) => (method === 'DELETE' ? { cut: true } : null));
  const begun = performance.now();
  await app.launcher.forget(null);
  expect(performance.now() - begun).toBeLessThan(4000);
  expect(app.state.enrolment).toMatchObject({ state: 'first-run', problem: null });
});

test('security 3: a device whose key is in memory alone signs out when it quits; a kept one stays', async () => {
  world = await openMainWorld();
  const { control } = world;
  control.setKeyPolicy('keyring');
  const fleeting = world.launcher();
  await fleeting.launcher.start(control.invite());
  await fleeting.until(() => fleeting.state.connection.state === 'online');
  expect(fleeting.state.enrolment).toMatchObject({ deviceKey: 'memory' });
  await fleeting.launcher.finish();
  expect(control.requests.filter((name) => name === signOut)).toHaveLength(1);

  control.setKeyPolicy('file');
  const kept = world.launcher();
  await kept.launcher.start(control.invite());
  await kept.until(() => kept.state.connection.state === 'online');
  await kept.launcher.finish();
  expect(control.requests.filter((name) => name === signOut)).toHaveLength(1);
});

test('refusal: a revoked device ends its sessions, says why, and its record is complete', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  const id = await app.connect();
  await app.until(() => app.sessions.find((one) => one.id === id && one.state.state === 'open'));
  control.send({ type: 'revoked', problem: { code: 'SP-1005', message: 'Your device was removed.' } });
  const since = performance.now();
  await app.until(() => app.sessions.find((one) => one.id === id && one.state.state === 'ended'));
  expect(performance.now() - since).toBeLessThan(2000);
  await app.until(() => app.state.enrolment.state === 'first-run');
  expect(app.state.enrolment).toMatchObject({ problem: { code: 'SP-1005' } });
  expect(app.sessions[0]?.state).toEqual({ state: 'ended', reason: { kind: 'disconnected', by: 'revoked' } });
  expect(app.launcher.supervisor.runningCount()).toBe(0);
  // What the server has not taken yet lies signed in the spool, waits, and goes when the person is back.
  const { sessionId } = app.sessions[0] ?? {};
  if (sessionId == null) throw new Error('the session had no id');
  if (existsSync(join(app.spool, sessionId)))
    expect(readFileSync(join(app.spool, sessionId, 'manifest'), 'utf8')).toContain('the device lost its access');
  await app.launcher.enrol(control.invite());
  await control.until(() => control.stored.get(sessionId)?.manifest?.includes('the device lost its access'));
});

test.each([
  ['the link is closed with that code', (control: FakeControl) => control.closeChannel(4005)],
  [
    'the next link is refused',
    (control: FakeControl) => {
      control.refuseChannel({ status: 401, code: 'SP-1005', detail: 'This device has lost its access.' });
      control.cutChannel();
    },
  ],
])('refusal: a device that learns of its revocation when %s forgets its key and says why', async (_name, revoke) => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  await openSession(app);
  revoke(control);
  await app.until(() => app.state.enrolment.state === 'first-run');
  expect(app.state.enrolment).toMatchObject({ problem: { code: 'SP-1005' } });
  expect(app.sessions[0]?.state).toMatchObject({ state: 'ended', reason: { by: 'revoked' } });
  expect(existsSync(join(app.spool, '..', 'device-key.pem'))).toBe(false);
});

test('a device whose key is lost says so, and a new invite is the way out', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  await app.launcher.finish();
  writeFileSync(join(app.spool, '..', 'device-key.pem'), 'gone');
  const again = world.launcher();
  await again.launcher.start(null);
  expect(again.state.enrolment).toMatchObject({ state: 'first-run', problem: { code: 'SP-1008' } });
  await again.launcher.enrol(control.invite());
  await again.until(() => again.state.connection.state === 'online');
});

test('where policy denies the clipboard, main denies it', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  await app.until(() => app.state.enrolment.state === 'enrolled' && app.state.enrolment.me !== null);
  expect(() => app.launcher.requireClipboard()).not.toThrow();
  control.setClipboard('denied');
  control.send({ type: 'changed', what: ['me'] });
  await app.until(
    () => app.state.enrolment.state === 'enrolled' && app.state.enrolment.me?.policy.clipboard === 'denied',
  );
  expect(() => app.launcher.requireClipboard()).toThrow('switched the clipboard off');
});
