import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sallyport } from '../../src/lab/control/command-line.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId, promptPattern, screenShows } from '../../src/lab/tour/screen.ts';
import { axeOf } from '../harness/screens/axe.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

/** Every view of the real app, by keyboard, as axe sees it in both themes. States that are rare: test/harness/screens/photograph.ts. */

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  // One person for whom every view is there, and a target that asks for something before it is connected.
  const file = path.join(world.lab.paths.root, 'every-view.yaml');
  const text = readFileSync(world.lab.paths.world, 'utf8')
    .replace('roles: [operator]', 'roles: [operator, help-desk]')
    .replace('    production: true', '    production: true\n    needs: [reason]');
  writeFileSync(file, text);
  expect(await sallyport(world.lab.control.socket, 'sanna', ['apply', file])).toMatchObject({ code: 0 });
  launcher = await world.openLauncher();
  await launcher.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
});
afterAll(() => world?.close());

const at = (id: string, facts?: Record<string, string>) => launcher.page.locator(byTestId(id, facts));
const press = (keys: string) => launcher.page.keyboard.press(keys);
const gone = () => launcher.page.locator('[role="dialog"]').waitFor({ state: 'hidden' });

/** What axe finds in what is on the screen now; a theme changes nothing but colours. */
async function look(where: string, part: { within?: string } = {}): Promise<void> {
  const { page } = launcher;
  const found = await axeOf(page, { inPage: true, ...part });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.locator('html[data-mantine-color-scheme="light"]').waitFor();
  found.push(...(await axeOf(page, { inPage: true, coloursOnly: true, ...part })).map((line) => `light: ${line}`));
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
  expect(found, where).toEqual([]);
}

/** The session's prompt in the tab that is in front now and was not among `before`. */
async function sessionOpens(before: readonly string[]): Promise<string> {
  const id = await waitUntil(async () => {
    const ids = await at('session-tab').evaluateAll((tabs) => tabs.map((tab) => tab.getAttribute('data-session-id')));
    return ids.find((each) => each !== null && !before.includes(each)) ?? null;
  }, 10_000);
  await screenShows(launcher, id ?? '', promptPattern, 20_000);
  return id ?? '';
}

test('axe finds nothing in targets, the question before connecting, and sessions beside each other', async () => {
  await at('target-row', { 'data-target-name': 'web-01' }).waitFor();
  await look('targets');
  await at('targets-search').fill('web-01');
  await press('Enter');
  await at('connect-reason').waitFor();
  await look('what connecting needs');
  await launcher.page.keyboard.type('Bookings return 502 now and then');
  await press('Enter');
  const left = await sessionOpens([]);
  await press('Control+Shift+D');
  const right = await sessionOpens([left]);
  await launcher.page.keyboard.type('exit\n');
  await at('session-tab', { 'data-session-id': right, 'data-state': 'ended' }).waitFor();
  await press('Alt+ArrowLeft');
  await press('Control+Shift+F');
  await at('find-input').waitFor();
  await look('a session with its find bar beside one that ended');
});

test('axe finds nothing in what opens over a view', async () => {
  await press('Control+Shift+P');
  await at('palette').waitFor();
  await look('the palette');
  await press('Escape');
  await gone();
  await press('F1');
  await at('keys-dialog').waitFor();
  await look('the keys');
  await press('Escape');
  await gone();
  await at('backlog').press('Enter');
  await at('backlog-panel').waitFor();
  await look('what is to be sent');
  await press('Escape');
  await gone();
  await at('person').press('Enter');
  await launcher.page.getByRole('heading', { name: 'Jonas Lindqvist' }).waitFor();
  await look('who one is');
  await press('Escape');
  await gone();
});

test('axe finds nothing in history, recordings and a replay', async () => {
  await at('nav-history').press('Enter');
  await at('recording-row').first().waitFor();
  await look('history');
  await at('nav-recordings').press('Enter');
  const row = at('recording-row', { 'data-state': 'complete' }).first();
  await row.waitFor();
  await look('recordings');
  await row.dblclick();
  await at('replay', { 'data-ready': 'true', 'data-surveyed': 'true' }).waitFor();
  await look('a replay');
  await press('t');
  await at('replay-transcript').waitFor();
  await look('its text');
  await press('Escape');
});

test('axe finds nothing in any section of Settings', async () => {
  await at('settings').press('Enter');
  const sections = await at('settings-view').getByRole('tab').all();
  expect(sections.length).toBe(7);
  for (const section of sections) {
    await section.click();
    await look(`settings: ${await section.textContent()}`, { within: byTestId('settings-view') });
  }
});

/** Where the focus is, and whether that shows: the ring of the element, of the box that it fills, or of the label that stands for it. As text: the tests know no DOM. */
const focusNow = `(() => {
  const on = document.activeElement;
  if (on === null || on === document.body) return null;
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = 'var(--focus)';
  const ring = getComputedStyle(probe).color;
  probe.remove();
  const rings = (element) => {
    const { outlineStyle, boxShadow } = getComputedStyle(element);
    return outlineStyle !== 'none' || boxShadow.includes(ring);
  };
  const shown = [on, on.parentElement, on.nextElementSibling].some((element) => element !== null && rings(element));
  return { name: on.getAttribute('aria-label') ?? on.textContent.slice(0, 40), place: [...document.querySelectorAll('*')].indexOf(on), shown };
})()`;

test.each(['nav-targets', 'nav-history', 'nav-recordings', 'settings'])(
  'Tab goes all the way round %s, and shows where it is',
  async (view) => {
    await at(view).press('Enter');
    const stops = new Map<number, string>();
    let round = false;
    for (let pressed = 0; pressed < 60 && !round; pressed += 1) {
      await press('Tab');
      const focus = await launcher.page.evaluate<{ name: string; place: number; shown: boolean } | null>(focusNow);
      if (focus === null) continue;
      expect(focus.shown, `nothing shows that the focus is on "${focus.name}"`).toBe(true);
      round = stops.has(focus.place);
      stops.set(focus.place, focus.name);
    }
    expect(round, `after 60 times: ${[...stops.values()].join(', ')}`).toBe(true);
    expect([...stops.values()]).toEqual(expect.arrayContaining(['Close window', expect.stringMatching(/^Targets/)]));
  },
);
