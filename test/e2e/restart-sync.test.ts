import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTargetLog } from '../../src/lab/observers/target-log.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { storedFiles } from '../../src/lab/tour/central-store.ts';
import { checkRecording } from '../../src/lab/tour/check-recording.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { spooled } from '../../src/lab/tour/steps.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

const text = 'typed-before-the-server-went';

test('a session without its control server ends by itself; its recording waits, outlives a restart, and arrives later', async () => {
  const target = readTargetLog(world.lab.edge.log);
  // Direct: the connection does not go with the relay, so that the lease has to end it.
  const tab = await connectByKeyboard(launcher, 'edge-gw-01');
  await screenShows(launcher, tab, promptPattern, 20_000);
  await typeInto(launcher, tab, `echo ${text}\n`);
  await screenShows(launcher, tab, new RegExp(`^${text}\\s*$`, 'm'));
  const [sessionId = ''] = spooled(launcher.userData);
  const login = await target.acceptedLogin(0, sessionId, 2000);

  await world.stopServer();
  const stoppedAt = Date.now();
  await launcher.page.locator(byTestId('connection', { 'data-state': 'offline' })).waitFor();
  const seen = await target.closed(0, login?.port ?? 0, 17_000);
  expect(seen).not.toBeNull();
  expect(Date.parse(seen?.at ?? '') - stoppedAt).toBeLessThan(15_500);
  await launcher.page.locator(byTestId('backlog', { 'data-recordings': '1' })).waitFor();

  await launcher.close();
  launcher = await world.openLauncher({ enrol: 'is-enrolled' });
  await launcher.page.locator(byTestId('backlog', { 'data-recordings': '1' })).waitFor();
  expect(spooled(launcher.userData)).toEqual([sessionId]);

  await world.startServer();
  const stored = await recordingBecomes(world.lab, sessionId, 'complete', 60_000);
  expect(stored.endReason).toMatch(/no contact/);
  expect(await waitUntil(() => (spooled(launcher.userData).length === 0 ? true : null), 5000)).toBe(true);
  const checked = await checkRecording({
    files: storedFiles(world.lab.control.dataFolder, sessionId),
    sessionId,
    identity: world.lab.paths.breakGlass,
  });
  expect(checked.output).toMatch(new RegExp(`[\\r\\n]${text}\\r\\n`));
});
