import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { problem } from './main-world/fake-control.ts';
import { type MainWorld, openMainWorld, openOnlineWorld } from './main-world/launcher-world.ts';

let world: MainWorld | null = null;
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

test('forgetting the device leaves neither key nor identity', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app } = opened;
  await app.launcher.forget(null);
  expect(app.state.enrolment).toEqual({ state: 'first-run', managed: null, problem: null });
  expect(readdirSync(join(app.spool, '..')).filter((name) => name !== 'spool')).toEqual([]);
});

test('a revoked device ends its sessions and says why', async () => {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { app, control } = opened;
  const id = await app.connect();
  await app.until(() => app.sessions.find((one) => one.id === id && one.state.state === 'open'));
  control.send({ type: 'revoked', problem: { code: 'SP-1005', message: 'Your device was removed.' } });
  await app.until(() => app.state.enrolment.state === 'first-run');
  expect(app.state.enrolment).toMatchObject({ problem: { code: 'SP-1005' } });
  expect(app.launcher.supervisor.runningCount()).toBe(0);
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
