import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTargetLog } from '../../src/lab/observers/target-log.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { openReplay, spooled } from '../../src/lab/tour/steps.ts';
import { sessionProcesses } from '../harness/launcher-processes.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

async function openSession(text: string): Promise<{ tab: string; sessionId: string }> {
  const before = new Set(spooled(launcher.userData));
  const tab = await connectByKeyboard(launcher, 'web-01');
  await screenShows(launcher, tab, promptPattern, 20_000);
  await typeInto(launcher, tab, `echo ${text}\n`);
  await screenShows(launcher, tab, new RegExp(`^${text}\\s*$`, 'm'));
  const sessionId = spooled(launcher.userData).find((each) => !before.has(each));
  if (sessionId === undefined) throw new Error('the session has no folder in the spool');
  return { tab, sessionId };
}

test('a session process that is killed ends its SSH connection, and its journal is sent and says why it is incomplete', async () => {
  const { sessionId } = await openSession('before-the-crash');
  const target = readTargetLog(world.lab.web.log);
  const login = await target.acceptedLogin(0, sessionId, 2000);
  const [pid] = await sessionProcesses(launcher);
  process.kill(pid ?? 0, 'SIGKILL');
  expect(await target.closed(0, login?.port ?? 0, 1000)).not.toBeNull();
  await launcher.page
    .locator(byTestId('session-tab', { 'aria-selected': 'true' }))
    .and(launcher.page.locator('[data-state="broken"], [data-state="ended"]'))
    .waitFor();
  const stored = await recordingBecomes(world.lab, sessionId, 'incomplete');
  expect(stored.because).toMatch(/process|crash|ended/i);
  expect(stored.journal?.bytes).toBeGreaterThan(0);
  expect(await waitUntil(() => (spooled(launcher.userData).includes(sessionId) ? null : true), 5000)).toBe(true);
  // What was on the screen is in the journal, and can be replayed from it.
  await launcher.page.locator(byTestId('nav-history')).click();
  await openReplay(launcher, sessionId);
  expect(
    await waitUntil(async () => ((await launcher.replayText()).includes('before-the-crash') ? true : null), 15_000),
  ).toBe(true);
});

test('when the whole app is killed, the next start sends what was left', async () => {
  await launcher.page.locator(byTestId('nav-targets')).click();
  const { sessionId } = await openSession('before-the-power-went');
  const pids = [launcher.pid, ...(await sessionProcesses(launcher))];
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await launcher.close();
  expect(spooled(launcher.userData)).toContain(sessionId);
  launcher = await world.openLauncher({ enrol: 'is-enrolled' });
  const stored = await recordingBecomes(world.lab, sessionId, 'incomplete');
  expect(stored.because).not.toBe('');
  expect(await waitUntil(() => (spooled(launcher.userData).length === 0 ? true : null), 5000)).toBe(true);
});
