import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sallyport } from '../../src/lab/control/command-line.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId } from '../../src/lab/tour/screen.ts';
import { replayVerified } from '../../src/lab/tour/steps.ts';
import { centralRecordings } from '../harness/recordings.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

// What was done is made by src/lab/seed/first-recordings.ts, from other devices.
let world: World;
let launcher: OpenedLauncher;
let copies: string;
beforeAll(async () => {
  copies = mkdtempSync(path.join(tmpdir(), 'sallyport-copies-'));
  chmodSync(copies, 0o777);
  world = await bootWorld({ firstRecordings: true });
  launcher = await world.openLauncher({
    name: 'mira-desk',
    persona: 'analyst',
    args: ['--test-hooks', `--export-folder=${copies}`],
  });
});
afterAll(async () => {
  await world?.close();
  rmSync(copies, { recursive: true, force: true });
});

const press = (...keys: string[]) =>
  keys.reduce(async (before, key) => {
    await before;
    await launcher.page.keyboard.press(key);
  }, Promise.resolve());
const seen = (id: Parameters<typeof byTestId>[0], facts?: Record<string, string>) =>
  launcher.page.locator(byTestId(id, facts)).first();

/** While a dialog is there, keys are for it. */
const closed = () => launcher.page.locator('[role="dialog"]').waitFor({ state: 'hidden' });

/** Where the replay stands, once it stands still. */
async function position(): Promise<number> {
  await seen('replay-time', { 'data-seeking': 'false' }).waitFor();
  return Number(await seen('replay-time').getAttribute('data-ms'));
}

async function openByKeyboard(sessionId: string): Promise<void> {
  await press('Control+Shift+Digit4');
  await seen('recording-row').waitFor();
  const chosen = seen('recording-row', { 'data-session-id': sessionId, 'aria-selected': 'true' });
  for (let row = 0; row < 10 && !(await chosen.isVisible()); row += 1) await press('ArrowDown');
  await press('Enter');
  await seen('replay-purpose').waitFor();
  await launcher.page.keyboard.type('INC-20418, who changed the time to live');
  await press('Enter');
  await seen('replay', { 'data-ready': 'true' }).waitFor();
}

test('an analyst reviews what another person did, by keyboard alone: finds the moment, marks it, says what was found, takes a copy', async () => {
  const { page } = launcher;
  const recording = (await centralRecordings(world.lab)).find((each) => each.target.name === 'web-01');
  const sessionId = recording?.sessionId ?? '';
  await openByKeyboard(sessionId);
  expect(await replayVerified(launcher)).toBe(true);
  expect(await seen('replay-from').textContent()).toBe('Playing from the central store');
  // She may open both streams, so the secrets of the anchors too, and with them the wire: all of it was compared.
  expect(await seen('replay-checks').textContent()).toMatch(/^Anchored with wire/);
  await page.getByRole('button', { name: 'Which ones' }).press('Enter');
  expect(await seen('replay-checks').textContent()).toMatch(/crossed as recorded/);
  await page.getByRole('tab', { name: 'Details' }).press('Enter');
  await page.getByText('Output and keystrokes').waitFor();
  await page.getByRole('tab', { name: 'Commands' }).press('Enter');

  // To text: the hit is on the screen, under the command whose output it is.
  await press('/');
  await page.keyboard.type('ttl_seconds');
  await press('Enter');
  await expect.poll(() => seen('replay-search-count').textContent()).toBe('1 of 1');
  const hit = seen('replay-hit');
  expect(await hit.textContent()).toContain('ttl_seconds = 120');
  // It was on the screen before the next command, whenever its line was known.
  const commands = page.locator(byTestId('replay-command'));
  const times = await commands.evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('data-at-ms'))));
  const names = await commands.allTextContents();
  const owner = names.findIndex((name) => name.includes('cat current/config/site.toml'));
  expect(owner).toBeGreaterThan(0);
  await expect.poll(position).toBe(times[owner + 1]);
  expect(await launcher.replayText()).toContain('ttl_seconds = 120');
  const moment = await position();

  // Step by command, there and back; the search is left first, then its field.
  await press('Escape', 'Escape', 'Home');
  expect(await position()).toBe(0);
  await press(']', ']');
  expect(await position()).toBe(times[1]);
  await press('[');
  expect(await position()).toBe(times[0]);

  // To a time, by the wall clock too; what is not in it is said in words.
  await press('g');
  await seen('replay-go-to-time').waitFor();
  await page.keyboard.type('99:00');
  await press('Enter');
  await page.getByText('99:00 is not in it').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.type(`${Math.floor(moment / 1000)} s`);
  await press('Enter');
  await expect.poll(position).toBe(Math.floor(moment / 1000) * 1000);
  await closed();

  await press('b');
  await seen('replay-bookmark-text').waitFor();
  await page.keyboard.type('The time to live is read here');
  await press('Enter');
  expect(await seen('replay-bookmark-row').textContent()).toContain('The time to live is read here');
  await closed();
  await press('f');
  await seen('replay-finding-title').waitFor();
  await page.keyboard.type('Nothing was changed');
  await press('Enter');
  await seen('replay-finding', { 'data-state': 'open' }).waitFor();
  expect(await seen('replay-finding').textContent()).toMatch(/Nothing was changed.*Medium\. Mira/);
  await closed();
  await press('r');
  expect(await seen('replay-reviewed-by').textContent()).toMatch(/^Reviewed by Mira/);

  // A copy of its text.
  await press('e');
  await seen('replay-export-text').press('Enter');
  await expect.poll(async () => seen('replay-said').textContent(), { timeout: 10_000 }).toMatch(/^Written to /);
  const [copy = ''] = readdirSync(copies);
  expect(copy).toMatch(/\.txt$/);
  const written = readFileSync(path.join(copies, copy), 'utf8');
  // Below the command, with no other one between.
  expect(written).toMatch(/ {2}\$ cat current\/config\/site\.toml\n(?:(?!.* {2}\$ ).*\n)*?.*ttl_seconds = 120/);

  // The text is a document with a heading for each command, and what was copied is in the clipboard.
  await press('t');
  await seen('replay-transcript').getByRole('heading', { name: 'cat current/config/site.toml' }).waitFor();
  await press('c');
  await expect.poll(() => seen('replay-said').textContent()).toMatch(/in the clipboard/);

  // Another look finds it all as it was left, and who did what is written down.
  await press('Escape');
  await seen('recording-row').waitFor();
  await openByKeyboard(sessionId);
  await seen('replay-bookmark-row').waitFor();
  await seen('replay-finding', { 'data-state': 'open' }).waitFor();
  expect(await seen('replay-reviewed-by').textContent()).toMatch(/^Reviewed by Mira/);
  const audit = await waitUntil(async () => {
    const { stdout } = await sallyport(world.lab.control.socket, 'mira', ['audit']);
    return /who changed the time to live/.test(stdout) && /review/.test(stdout) ? stdout : null;
  }, 5000);
  expect(audit).toMatch(/export/);
});
