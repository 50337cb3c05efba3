import { afterAll, beforeAll, expect, test } from 'vitest';
import { sallyport } from '../../src/lab/control/command-line.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId } from '../../src/lab/tour/screen.ts';
import { openReplay, replayVerified } from '../../src/lab/tour/steps.ts';
import { centralRecordings } from '../harness/recordings.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld({ firstRecordings: true });
  launcher = await world.openLauncher({ name: 'mira-desk', persona: 'analyst' });
});
afterAll(() => world?.close());

test('an analyst replays what another person did, input included, with a purpose that is kept', async () => {
  const { page } = launcher;
  const recording = (await centralRecordings(world.lab)).find((each) => each.target.name === 'web-01');
  const sessionId = recording?.sessionId ?? '';
  await page.locator(byTestId('nav-recordings')).click();
  await expect.poll(() => page.locator(byTestId('recording-row')).count()).toBe(3);
  const replay = await openReplay(launcher, sessionId);
  expect(
    await waitUntil(async () => ((await launcher.replayText()).includes('ttl_seconds = 120') ? true : null), 15_000),
  ).toBe(true);
  expect(await replayVerified(launcher)).toBe(true);
  // She may open both streams, so the secrets of the anchors too, and with them the wire: all of it was compared.
  await page.getByRole('button', { name: 'Which ones' }).click();
  expect(await page.locator(byTestId('replay-checks')).textContent()).toMatch(
    /^Anchored with wire.*crossed as recorded/,
  );
  // Both streams are open to her, and it is written down that she opened them.
  await replay.getByText('Output and keystrokes').first().waitFor();
  const audit = await sallyport(world.lab.control.socket, 'mira', ['audit']);
  expect(audit.stdout).toMatch(/Guided tour/);
});
