import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
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
  return { ...opened, world: opened.world };
}

const over = { kind: 'exit', status: 0, signal: null } as const;
const isUpload = (path: string) => path.startsWith('/v1/recordings/');

test('a finished recording is central within a second, and only then gone from the spool', async () => {
  const { app, control } = await open();
  const { child, sessionId } = await openSession(app);
  child.output('hello\r\n');
  const ended = performance.now();
  await child.end(over);
  await app.until(() => app.sessions[0]?.record.complete);
  expect(performance.now() - ended).toBeLessThan(1000);
  const stored = control.stored.get(sessionId)!;
  expect(stored.segments.has('output/0')).toBe(true);
  expect(stored.manifest).toMatch(/\nend /);
  await app.until(() => app.state.backlog.recordings === 0 && !existsSync(join(app.spool, sessionId)));
  expect(control.faults).toEqual([]);
});

test('while the server is away the backlog says so; when it is back all of it goes', async () => {
  const { app, control } = await open();
  const { child, sessionId } = await openSession(app);
  child.output('away\r\n');
  await control.stop();
  await app.until(() => app.state.connection.state === 'offline');
  await child.end(over);
  await app.until(
    () =>
      app.state.backlog.recordings === 1 &&
      app.state.backlog.bytes > 0 &&
      app.state.backlog.lastProblem?.code === 'SP-1003',
  );
  expect(app.state.connection).toMatchObject({ problem: { code: 'SP-1003' } });
  await control.start();
  await app.launcher.retry();
  await app.until(() => app.sessions[0]?.record.complete);
  await control.until(() => control.heard.find((one) => one.type === 'session-ended' && one.sessionId === sessionId));
});

test('after a restart it goes on where it was: nothing is sent twice that a receipt covers, an orphan sends its journal', async () => {
  const { app, control, world } = await open();
  const { child, sessionId } = await openSession(app);
  child.output('before the crash');
  await control.until(() => control.stored.get(sessionId)?.manifest);
  control.setScript(({ path }) => (isUpload(path) ? { cut: true } : null));
  child.exit(9);
  await app.until(() => app.state.backlog.recordings === 1 && app.state.backlog.lastProblem !== null);
  await app.launcher.finish();
  expect(readdirSync(join(app.spool, sessionId))).toContain('journal');
  control.setScript(() => null);

  const again = world.launcher();
  await again.launcher.start(null);
  const journal = await control.until(() => control.stored.get(sessionId)?.journal);
  expect(journal!.because).toContain('before it could close the record');
  await again.until(() => again.state.backlog.recordings === 0 && !existsSync(join(again.spool, sessionId)));
});

test('a stuck recording is kept and shown, and holds up nobody', async () => {
  const { app, control } = await open();
  const bad = await openSession(app);
  bad.child.output('conflict');
  control.setScript(({ path }) =>
    path.includes(bad.sessionId) && path.includes('/segments/')
      ? problem(409, 'SP-3021', 'Other bytes are stored.')
      : null,
  );
  await bad.child.end(over);
  const good = await openSession(app);
  good.child.output('fine');
  await good.child.end(over);
  await app.until(() => app.sessions.find((one) => one.id === good.id)?.record.complete);
  await app.until(() => app.state.backlog.lastProblem?.code === 'SP-3021' && app.state.backlog.recordings === 1);
  await app.until(() => app.log.some((line) => line.startsWith('sync.done') && line.includes(good.sessionId)));
  const { local } = await app.launcher.loadRecordings({});
  expect(local).toEqual([
    expect.objectContaining({
      sessionId: bad.sessionId,
      targetName: 'web-01',
      state: 'stuck',
      problem: expect.objectContaining({ code: 'SP-3021' }),
    }),
  ]);
  expect(existsSync(join(app.spool, bad.sessionId))).toBe(true);
  // A person may try again once the cause is mended.
  control.setScript(() => null);
  await app.launcher.retry();
  await app.until(() => app.state.backlog.recordings === 0);
});

test('a gap makes it send from the start, once', async () => {
  const { app, control } = await open();
  const { child } = await openSession(app);
  child.output('x');
  control.setScript(({ path, count }) =>
    path.endsWith('/segments/output/0') && count === 1 ? problem(409, 'SP-3022') : null,
  );
  await child.end(over);
  await app.until(() => app.sessions[0]?.record.complete);
});

test('a changed segment is not sent and not deleted', async () => {
  const { app, control } = await open();
  const { child, sessionId } = await openSession(app);
  child.output('to be changed');
  control.setScript(({ path }) => (isUpload(path) ? { cut: true } : null));
  await child.end(over);
  await app.until(() => app.state.backlog.lastProblem !== null);
  const file = join(app.spool, sessionId, '000000.cast.zst.age');
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  control.setScript(() => null);
  await app.launcher.retry();
  await app.until(() => app.state.backlog.lastProblem?.code === 'SP-3020');
  expect(control.stored.get(sessionId)?.segments.has('output/0') ?? false).toBe(false);
  expect(existsSync(file)).toBe(true);
});

test.each([
  ['receipt', 'SP-1007'],
  ['manifest', 'SP-3023'],
])('a forged %s on this machine does not get a recording deleted', async (what, code) => {
  const { app, control, world } = await open();
  const { child, sessionId } = await openSession(app);
  child.output('keep me');
  control.setScript(({ path }) => (isUpload(path) ? { cut: true } : null));
  await child.end(over);
  await app.until(() => app.state.backlog.lastProblem !== null);
  await app.launcher.finish();
  const folder = join(app.spool, sessionId);
  if (what === 'manifest') {
    writeFileSync(join(folder, 'manifest'), readFileSync(join(folder, 'manifest'), 'utf8').replace('deploy', 'nobody'));
  } else {
    const forged = {
      version: 1,
      sessionId,
      lines: 30,
      head: '0'.repeat(64),
      segments: 1,
      bytes: 1,
      ended: true,
      wire: null,
      at: new Date().toISOString(),
    };
    const signed = { payload: JSON.stringify(forged), signature: 'x' };
    writeFileSync(join(folder, 'receipts.json'), JSON.stringify([signed]));
  }
  control.setScript(() => null);
  const again = world.launcher();
  await again.launcher.start(null);
  if (code === 'SP-3023') await again.until(() => again.state.backlog.lastProblem?.code === code);
  else await control.until(() => control.stored.get(sessionId)?.segments.has('output/0'));
});

test('what an earlier run did not finish removing is neither sent nor kept', async () => {
  const { app, control, world } = await open();
  await app.launcher.finish();
  const leftover = join(app.spool, '.done-22222222-2222-4222-8222-222222222222');
  mkdirSync(leftover, { recursive: true });
  writeFileSync(join(leftover, 'journal'), 'half of it');
  const again = world.launcher();
  await again.launcher.start(null);
  expect(existsSync(leftover)).toBe(false);
  expect(again.state.backlog.recordings).toBe(0);
  expect(control.requests.filter((one) => isUpload(one.split(' ')[1] ?? ''))).toEqual([]);
});

test('every receipt is kept and handed to its session, whose manifest it becomes a line of; that line alone asks for no other', async () => {
  const { app, control } = await open();
  const { child, sessionId } = await openSession(app);
  child.output('receipted');
  const receipts = () => child.got.filter((message) => message.type === 'receipt');
  await app.until(() => receipts().length > 0);
  const sent = () => control.requests.filter((one) => one === `PUT /v1/recordings/${sessionId}/manifest`).length;
  const before = sent();
  await app.launcher.retry();
  await app.until(() => app.state.backlog.recordings === 0);
  expect(sent()).toBe(before);
  expect(JSON.parse(readFileSync(join(app.spool, sessionId, 'receipts.json'), 'utf8'))).toHaveLength(before);
  await child.end(over);
  await app.until(() => app.sessions[0]?.record.complete);
  expect(control.stored.get(sessionId)?.manifest?.match(/^receipt /gm)).toHaveLength(receipts().length);
});

test('what waits for days stays within the quota over restarts: then nothing more opens, and it does when all of it is sent', async () => {
  const { app, control, world } = await open();
  const { child, sessionId } = await openSession(app);
  child.output('z'.repeat(200_000));
  control.setScript(({ path }) => (isUpload(path) ? { cut: true } : null));
  await child.end(over);
  await app.until(() => app.state.backlog.bytes > 0);
  await app.launcher.finish();
  control.setSpool({ quotaBytes: 16_000_100 });

  const again = world.launcher();
  await again.launcher.start(null);
  await again.until(() => again.state.enrolment.state === 'enrolled' && again.state.enrolment.me !== null);
  await again.connect();
  const refused = await again.until(() =>
    again.sessions[0]?.state.state === 'ended' ? again.sessions[0].state : null,
  );
  expect(refused.reason).toMatchObject({
    kind: 'connect-failed',
    problem: {
      code: 'SP-3012',
      message: expect.stringMatching(/1 recording waits on this machine .*Nothing was opened/),
    },
  });
  expect(readdirSync(again.spool)).toEqual([sessionId]);
  control.setScript(() => null);
  await again.launcher.retry();
  await again.until(() => again.state.backlog.recordings === 0);
  expect((await openSession(again)).sessionId).not.toBe(sessionId);
});

test('a copy of what is stored stays for as long as policy says, without its journal, and makes room when that is needed', async () => {
  const { app, control } = await open();
  control.setSpool({ keepStoredHours: 1, quotaBytes: 16_000_400 });
  control.send({ type: 'changed', what: ['me'] });
  await app.until(
    () => app.state.enrolment.state === 'enrolled' && app.state.enrolment.me?.policy.spool.keepStoredHours === 1,
  );
  const { child, sessionId } = await openSession(app);
  child.output('kept here too');
  await child.end(over);
  const folder = join(app.spool, sessionId);
  await app.until(() => app.sessions[0]?.record.complete);
  await app.launcher.retry();
  await app.until(() => !existsSync(join(folder, 'journal')));
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['000000.cast.zst.age', 'manifest', 'receipts.json']));
  await openSession(app);
  expect(existsSync(folder)).toBe(false);
});
