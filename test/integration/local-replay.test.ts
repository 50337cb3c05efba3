import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { ageSeal } from '../../src/recording/codecs/age.ts';
import { parseCast } from '../../src/recording/text/cast.ts';
import type { RecordingView } from '../../src/shared/model/recording.ts';
import { ReplayInProcess } from '../harness/replay-in-process.ts';
import { problem, type Script } from './main-world/fake-control.ts';
import { type MainWorld, openOnlineWorld, openSession } from './main-world/launcher-world.ts';

const over = { kind: 'exit', status: 0, signal: null } as const;
/** What is typed in the millisecond of its prompt stands before it in the record, and is no command. */
const betweenMs = 5;
let world: MainWorld | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

function manifestOf(folder: string): string {
  return readFileSync(join(folder, 'manifest'), 'utf8');
}

function viewOf(sessionId: string, state: RecordingView['state']): RecordingView {
  return {
    sessionId,
    user: { id: 'jonas', name: 'Jonas Lindqvist' },
    device: { id: 'device-1', name: 'here' },
    target: { id: 'target-1', name: 'web-01', address: '127.0.0.1:22', production: false },
    login: 'deploy',
    credential: 'certificate',
    route: 'direct',
    reason: null,
    startedAt: '2026-11-24T10:00:00.000Z',
    endedAt: null,
    durationMs: null,
    state,
    because: null,
    endReason: null,
    killedBy: null,
    evidence: 'recorder-only',
    segments: [],
    bytes: 0,
    wire: null,
    journal: null,
    mayUnlock: ['output', 'text'],
    review: {
      reviewed: null,
      hold: null,
      bookmarks: 0,
      findings: { open: 0, closed: 0, worst: null },
      may: { review: false, hold: false },
    },
  };
}

/** A launcher whose server registered a session, took the header of its manifest and takes no more, but unlocks it. */
async function open() {
  const replays: ReplayInProcess[] = [];
  const opened = await openOnlineWorld(() => {
    const replay = new ReplayInProcess();
    replays.push(replay);
    return replay;
  });
  world = opened.world;
  const { app, control } = opened;
  const notes: unknown[] = [];
  let takes = true;
  const script: Script = ({ method, path, body }) => {
    const [, , , sessionId = '', what] = path.split('/');
    if (!path.startsWith('/v1/recordings/')) return null;
    if (method === 'PUT' && takes) return null;
    if (method === 'PUT') return problem(503, 'SP-5010', 'The store is full.');
    if (what === undefined) return { status: 200, json: viewOf(sessionId, 'started') };
    if (what === 'unlock') return { status: 200, json: unlocked(String(JSON.parse(body.toString()).recipient)) };
    if (what === 'exports') {
      notes.push(JSON.parse(body.toString()));
      return { status: 200, json: {} };
    }
    return problem(404, 'SP-3032', 'Nothing of it is stored yet.');
  };
  const unlocked = async (recipient: string) => ({
    sealedIdentity: Buffer.from(await ageSeal(Buffer.from(`${opened.world.identity}\n`), [recipient])).toString(
      'base64',
    ),
  });
  control.setScript(script);
  const session = await openSession(app);
  // A receipt for the header: the store takes that much, and then it is full.
  await app.until(() => existsSync(join(app.spool, session.sessionId, 'receipts.json')));
  takes = false;
  const replay = async () => {
    const replayId = await app.launcher.openReplay(session.sessionId, 'a test');
    const process = replays.at(-1);
    if (process === undefined) throw new Error('no replay was started');
    return { replayId, process };
  };
  return { ...opened, ...session, control, script, notes, replay };
}

test('a recording that the server has nothing of plays from this device, and its check is honest', async () => {
  const { app, child, sessionId, replay } = await open();
  child.output('one line\r\n$ ');
  await setTimeout(betweenMs);
  child.input('uptime\r');
  child.output('uptime\r\n up 3 days\r\n');
  await child.end(over);
  await app.until(() => app.state.backlog.lastProblem?.code === 'SP-5010');
  const { local } = await app.launcher.loadRecordings({});
  expect(local).toMatchObject([{ sessionId, targetName: 'web-01', login: 'deploy', startedAtMs: expect.any(Number) }]);
  const { process } = await replay();
  expect(process.opened).toMatchObject({ local: true });
  expect(await process.output()).toBe('one line\r\n$ uptime\r\n up 3 days\r\n');
  const survey = await process.surveyed();
  expect(survey.checks.filter((check) => !check.ok)).toEqual([]);
  expect(survey).toMatchObject({ verified: true, problem: null, commands: [{ command: 'uptime' }] });
  const receipts = survey.checks.find(({ name }) => name === 'receipts');
  expect(receipts).toMatchObject({
    ok: true,
    lacking: true,
    detail: expect.stringMatching(/^the server received [1-9]/),
  });
  expect(survey.incomplete).toContain(receipts?.detail);
});

test('what runs, and what crashed, goes on in the journal that lies here', async () => {
  const { app, child, replay, sessionId } = await open();
  // With segments that are sealed, and nowhere but here.
  const lines = Array.from({ length: 4000 }, (_, at) => `line ${at} ${'.'.repeat(60)}\r\n`).join('');
  const folder = join(app.spool, sessionId);
  for (let at = 0; at < lines.length; at += 10_000) child.output(lines.slice(at, at + 10_000));
  await child.drained();
  child.output('so far so good');
  await app.until(() => existsSync(join(folder, '000000.text.zst.age')) && manifestOf(folder).includes(' 000000.text'));
  const running = (await replay()).process;
  expect(await running.output()).toBe(`${lines}so far so good`);
  expect(await running.surveyed()).toMatchObject({ incomplete: 'it is not finished yet', verified: true });
  child.output(', and then');
  await child.drained();
  child.exit(9);
  await app.until(() => app.state.backlog.lastProblem !== null);
  const crashed = (await replay()).process;
  expect(await crashed.output()).toBe(`${lines}so far so good, and then`);
  const survey = await crashed.surveyed();
  expect(survey.incomplete).toContain('the session process stopped before it could close the record');
  expect(survey.checks.find(({ name }) => name === 'journal')).toMatchObject({ ok: true });
});

test('what was changed on this device is named, and what has gone up is taken from the store', async () => {
  const { app, child, control, script, sessionId, replay } = await open();
  child.output('x'.repeat(1000));
  await child.end(over);
  await app.until(() => app.state.backlog.lastProblem !== null);
  const folder = join(app.spool, sessionId);
  const file = join(folder, '000000.cast.zst.age');
  const bytes = readFileSync(file);
  const bad = Buffer.from(bytes);
  bad[bad.length - 1] = (bad.at(-1) ?? 0) ^ 1;
  writeFileSync(file, bad);
  const { replayId, process } = await replay();
  expect(await process.output()).toBe('');
  const copy = (format: 'asciicast' | 'transcript') =>
    app.launcher.exportReplay(replayId, format, async () => join(app.spool, '..', format));
  // An asciicast has no place to say so.
  await expect(copy('asciicast')).rejects.toMatchObject({
    code: 'SP-3030',
    message: expect.stringContaining('no place'),
  });
  expect(existsSync(join(app.spool, '..', 'asciicast'))).toBe(false);
  expect(readFileSync((await copy('transcript')).path ?? '', 'utf8')).toMatch(
    /^Verified: {3}NO\. segments: .*was changed/m,
  );
  expect(await process.surveyed()).toMatchObject({
    verified: false,
    faults: [expect.stringContaining('it was changed')],
  });
  writeFileSync(file, bytes);
  control.setScript((request) =>
    request.method === 'PUT' || !request.path.startsWith('/v1/recordings/') ? null : script(request),
  );
  await app.launcher.retry();
  await app.until(() => app.state.backlog.recordings === 0 && !existsSync(folder));
  await expect(replay().then(({ process: next }) => next.output())).rejects.toThrow('SP-3032');
});

test('without the server nothing opens, and that is said', async () => {
  const { app, child, control, replay, sessionId } = await open();
  child.output('away');
  await child.end(over);
  await control.stop();
  await app.until(() => app.state.connection.state === 'offline');
  await expect(replay()).rejects.toMatchObject({
    code: 'SP-1003',
    message: expect.stringContaining('on this device, but its key is with the control server'),
  });
  const { recordings, local } = await app.launcher.loadRecordings({});
  expect([recordings, local.map((one) => one.sessionId)]).toEqual([[], [sessionId]]);
  await control.start();
  await app.launcher.retry();
  await app.until(() => app.state.connection.state === 'online');
  expect(await (await replay()).process.output()).toBe('away');
});

test('a copy is noted before it is written; refused, or put off, there is none', async () => {
  const { app, child, control, notes, script, replay, sessionId } = await open();
  child.output('\x1b[1mgr\xfc\xdfe\x1b[0m\r\n$ ');
  await setTimeout(betweenMs);
  child.input('id\r');
  child.output('id\r\nuid=0(root)\r\n');
  await child.end(over);
  await app.until(() => app.state.backlog.lastProblem !== null);
  const { replayId, process } = await replay();
  const folder = mkdtempSync(join(tmpdir(), 'copies-'));
  const to = (name: string) => Promise.resolve(join(folder, name));

  expect(await app.launcher.exportReplay(replayId, 'transcript', () => Promise.resolve(null))).toEqual({
    path: null,
    bytes: 0,
  });
  expect(notes).toEqual([]);

  const cast = await app.launcher.exportReplay(replayId, 'asciicast', to);
  expect(notes).toEqual([{ format: 'asciicast', purpose: 'a test' }]);
  expect(cast).toEqual({ path: join(folder, 'web-01-2026-11-24-1000.cast'), bytes: statSync(cast.path ?? '').size });
  expect(statSync(cast.path ?? '').mode & 0o777).toBe(0o600);
  const { header, events } = parseCast(readFileSync(cast.path ?? ''));
  expect(header?.term).toMatchObject({ cols: 80, rows: 24 });
  expect(Buffer.concat(events.flatMap(({ code, data }) => (code === 'o' ? [data] : []))).toString()).toBe(
    await process.output(),
  );

  const text = await app.launcher.exportReplay(replayId, 'transcript', to);
  const words = readFileSync(text.path ?? '', 'utf8');
  for (const said of [
    `Recording:  ${sessionId}`,
    'Who:        Jonas Lindqvist (jonas), on here',
    'Target:     web-01 (127.0.0.1:22)',
    'Verified:   what is there holds; not whole: the server received',
    'Evidence:   recorder only',
    'Made by:    Sallyport 0.0.0-test, for Jonas Lindqvist (jonas), on 20',
  ])
    expect(words).toContain(said);
  expect(words).toMatch(/^Manifest: {3}SHA-256 [0-9a-f]{64}$/m);
  expect(words).toMatch(/^Commands\n\n00:00:0\d\.\d{3} {2}id\n/m);
  expect(words).toMatch(/^00:00:0\d\.\d{3} {2}uid=0\(root\)$/m);
  expect(words).not.toContain('\x1b');

  const missing = app.launcher.exportReplay(replayId, 'transcript', () => to('nowhere/copy.txt'));
  await expect(missing).rejects.toMatchObject({ code: 'SP-3040', message: expect.stringContaining('is not there') });
  control.setScript((request) =>
    request.path.endsWith('/exports') ? problem(403, 'SP-5003', 'No.') : script(request),
  );
  await expect(app.launcher.exportReplay(replayId, 'transcript', () => to('refused.txt'))).rejects.toMatchObject({
    code: 'SP-5003',
  });
  app.launcher.closeReplay(replayId);
  await expect(app.launcher.exportReplay(replayId, 'transcript', to)).rejects.toMatchObject({ code: 'SP-5002' });
  expect(readdirSync(folder).sort()).toEqual(['web-01-2026-11-24-1000.cast', 'web-01-2026-11-24-1000.txt']);
});
