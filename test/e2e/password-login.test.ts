import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { passwordTargets } from '../../src/lab/lab.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { killByCommandLine, spooled } from '../../src/lab/tour/steps.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

async function newSession(before: string[]): Promise<string> {
  const id = await waitUntil(() => spooled(launcher.userData).find((each) => !before.includes(each)) ?? null, 5000);
  if (id === null) throw new Error('no session is in the spool');
  return id;
}

function audit(): Record<string, unknown>[] {
  return readFileSync(`${world.lab.control.dataFolder}/audit.log`, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a target that takes a password is one Enter away: nobody types it, and the screen says where it never was', async () => {
  const { name, login } = passwordTargets.switch;
  await launcher.page.locator(byTestId('targets-search')).fill(name);
  const panel = launcher.page.locator(byTestId('target-panel'));
  await panel.getByText('Password, never on this device').waitFor();
  expect(await launcher.page.getByText(/reaches the endpoint/i).count()).toBe(0);

  const before = spooled(launcher.userData);
  const tab = await connectByKeyboard(launcher, name);
  await screenShows(launcher, tab, promptPattern, 20_000);
  await typeInto(launcher, tab, 'echo "by-"handover\n');
  await screenShows(launcher, tab, /^by-handover\s*$/m);
  const sessionId = await newSession(before);
  expect(audit().filter((line) => line.subject === sessionId)).toMatchObject([
    { event: 'session.granted', detail: { login, credential: 'handover' } },
    { event: 'relay.opened' },
    { event: 'login.password-taken', detail: { login } },
    { event: 'login.handed-over', detail: { login } },
    { event: 'session.opened' },
  ]);

  // And it dies like any other: at the wire, in the launcher, for good.
  const order = await killByCommandLine(world.lab, sessionId, 'Wrong switch');
  expect(order).toMatchObject({ state: 'confirmed' });
  expect(order.relayClosedMs).toBeLessThan(1000);
  await launcher.page.locator(byTestId('kill-banner')).waitFor();
  const recording = await recordingBecomes(world.lab, sessionId, 'complete');
  expect(recording).toMatchObject({ credential: 'password', killedBy: 'Mira Okafor' });
});

test('a password that reaches the endpoint is marked as a risk before, during and after', async () => {
  const { name } = passwordTargets.legacy;
  await launcher.page.locator(byTestId('nav-targets')).click();
  await launcher.page.locator(byTestId('targets-search')).fill(name);
  const row = launcher.page.locator(byTestId('target-row', { 'data-target-name': name }));
  await row.getByText('Reaches endpoint').waitFor();
  await launcher.page.locator(byTestId('target-panel')).getByText('Password reaches the endpoint').waitFor();

  const before = spooled(launcher.userData);
  const tab = await connectByKeyboard(launcher, name);
  await screenShows(launcher, tab, promptPattern, 20_000);
  await launcher.page.getByText('Password reaches the endpoint').filter({ visible: true }).first().waitFor();
  await typeInto(launcher, tab, 'echo "by-"seal\n');
  await screenShows(launcher, tab, /^by-seal\s*$/m);
  const sessionId = await newSession(before);
  await typeInto(launcher, tab, 'exit\n');
  expect(await recordingBecomes(world.lab, sessionId, 'complete')).toMatchObject({ credential: 'sealed-password' });
  expect(audit().filter((line) => line.subject === sessionId)).toContainEqual(
    expect.objectContaining({ event: 'login.password-sealed' }),
  );
});
