import { afterAll, beforeAll, expect, test } from 'vitest';
import { sallyport } from '../../src/lab/control/command-line.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId } from '../../src/lab/tour/screen.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

// What is looked for was done from other devices, before this one was there (src/lab/seed/first-recordings.ts).
const words = 'systemctl restart';
let world: World;
beforeAll(async () => {
  world = await bootWorld({ firstRecordings: true });
});
afterAll(() => world?.close());

/** The first line that was found is chosen. A recording is indexed a moment after it was stored, so it may be asked again. */
async function findCommand({ page }: OpenedLauncher) {
  const hit = page.locator(byTestId('search-hit', { 'data-kind': 'command' })).first();
  const found = await waitUntil(async () => {
    const seen = await hit.waitFor({ timeout: 1500 }).then(
      () => true,
      () => null,
    );
    if (seen === null) await page.keyboard.press('F5');
    return seen;
  }, 20_000);
  expect(found).toBe(true);
  expect(await hit.textContent()).toContain('sudo systemctl restart booking');
  expect(await hit.locator('mark').allTextContents()).toEqual(['systemctl', 'restart']);
  expect(await hit.getAttribute('aria-selected')).toBe('true');
  return { atMs: Number(await hit.getAttribute('data-at-ms')), sessionId: await hit.getAttribute('data-session-id') };
}

/** Goes to a view by the key that the rail names for it; which one that is depends on the views that a person has. */
async function goByKey({ page }: OpenedLauncher, nav: 'nav-history' | 'nav-recordings'): Promise<void> {
  const digit = async () =>
    /Ctrl Shift (\d)/.exec((await page.locator(byTestId(nav)).getAttribute('title')) ?? '')?.[1];
  await page.keyboard.press(`Control+Shift+Digit${await digit()}`);
  await page.locator(byTestId('recording-row')).first().waitFor();
}

/** The replay stands at the moment, searches for the same, and shows it. */
async function replayStandsAt(launcher: OpenedLauncher, hit: { atMs: number; sessionId: string | null }) {
  const { page } = launcher;
  const replay = page.locator(byTestId('replay', { 'data-ready': 'true' }));
  await replay.waitFor();
  expect(await replay.getAttribute('data-session-id')).toBe(hit.sessionId);
  expect(await waitUntil(async () => ((await launcher.replayText()).includes(words) ? true : null), 15_000)).toBe(true);
  const ms = Number(await page.locator(byTestId('replay-time')).getAttribute('data-ms'));
  expect(Math.abs(ms - hit.atMs)).toBeLessThan(1500);
  // What is read of it by then may not hold the words side by side: the replay then looks for the first.
  expect(await page.locator(byTestId('replay-search')).inputValue()).toMatch(/^systemctl(?: restart)?$/);
}

test('an operator finds a command of an earlier session and jumps to its moment, by keyboard alone', async () => {
  const launcher = await world.openLauncher({ name: 'jonas-new' });
  const { page } = launcher;
  await page.locator(byTestId('target-row')).first().waitFor();
  // Others' recordings are not for an operator.
  expect(await page.locator(byTestId('nav-recordings')).count()).toBe(0);
  await goByKey(launcher, 'nav-history');
  await page.keyboard.type(words);
  const hit = await findCommand(launcher);
  await page.keyboard.press('Control+c');
  await page.keyboard.press('Enter');
  await replayStandsAt(launcher, hit);
  // Back, out of the replay's own search first: the search here is as it was, and was remembered.
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.locator(byTestId('search-hit')).first().waitFor();
  expect(await page.locator(byTestId('history-search')).inputValue()).toBe(words);
  await page.keyboard.press('Escape');
  await page.locator(byTestId('recording-row')).first().waitFor();
  await page.keyboard.press('ArrowUp');
  await page.locator(byTestId('search-hit')).first().waitFor();
  expect(await page.locator(byTestId('history-search')).inputValue()).toBe(words);
  await launcher.close();
});

test('the help desk finds who ran a command, by keyboard alone, and says what for', async () => {
  const launcher = await world.openLauncher({ name: 'help-desk', persona: 'helpDesk' });
  const { page } = launcher;
  // Who the person is, and so which views there are, is known with the first contact.
  await page.locator(byTestId('connection', { 'data-state': 'online' })).waitFor();
  await goByKey(launcher, 'nav-recordings');
  // A filter goes to the server: nothing was killed here.
  await page.keyboard.press('#');
  await page.keyboard.type('killed');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator(byTestId('recording-row')).count()).toBe(0);
  await page.keyboard.press('Backspace');
  await page.locator(byTestId('recording-row')).first().waitFor();
  await page.keyboard.type(words);
  await page.keyboard.press('Enter');
  const hit = await findCommand(launcher);
  expect(await page.getByText('Jonas Lindqvist').first().isVisible()).toBe(true);
  await page.keyboard.press('Enter');
  await page.locator(byTestId('replay-purpose')).waitFor();
  await page.keyboard.type('Who restarted booking');
  await page.keyboard.press('Enter');
  await replayStandsAt(launcher, hit);
  const audit = await sallyport(world.lab.control.socket, 'mira', ['audit']);
  expect(audit.stdout).toMatch(/Who restarted booking/);
});
