import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { activeTab, byTestId, promptPattern, screenShows } from '../../src/lab/tour/screen.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
let args: string[];
beforeAll(async () => {
  world = await bootWorld();
  const policy = path.join(world.lab.paths.launchers, 'policy.json');
  const { address, trustRoot } = world.lab.control;
  const settings = { copyOnSelect: false, scrollback: 50_000 };
  writeFileSync(policy, JSON.stringify({ address, trustRoot, by: 'IT operations, Norrland', settings }), {
    mode: 0o644,
  });
  args = [`--policy=${policy}`];
  launcher = await world.openLauncher({ args });
});
afterAll(() => world?.close());

const at = (id: string, attributes: Record<string, string> = {}) => launcher.page.locator(byTestId(id, attributes));
/** The palette's chosen line, by the id that says what it does. */
const chosen = () => launcher.page.locator(`${byTestId('palette-line')}[aria-selected="true"]`);
const inTerminal = () => launcher.page.evaluate('document.activeElement?.closest(".xterm") !== null');

/** Opens the palette with `keys`, types, and moves down until the chosen line's id begins so. */
async function choose(keys: string, text: string, line: string): Promise<void> {
  await launcher.page.keyboard.press(keys);
  await at('palette').waitFor();
  await launcher.page.keyboard.type(text);
  const found = await waitUntil(async () => {
    if ((await chosen().getAttribute('data-line'))?.startsWith(line) === true) return true;
    await launcher.page.keyboard.press('ArrowDown');
    return null;
  }, 5000);
  expect(found, `no line ${line} for "${text}"`).toBe(true);
}

/** The tab in front once it is another one than `before`. */
async function nextTab(before: string | null): Promise<string> {
  const id = await waitUntil(async () => {
    const front = await activeTab(launcher).catch(() => null);
    return front === before ? null : front;
  }, 10_000);
  if (id === null) throw new Error('no other tab came to the front');
  return id;
}

test('the palette connects, switches and gives the focus back, by keyboard alone', async () => {
  await at('target-row', { 'data-target-name': 'web-01' }).waitFor();
  await choose('Control+k', 'web-01', 'connect-');
  await launcher.page.keyboard.press('Enter');
  const first = await nextTab(null);
  await screenShows(launcher, first, promptPattern);

  // Ctrl K kills a line there: the shell has it, the palette does not.
  expect(await inTerminal()).toBe(true);
  await launcher.page.keyboard.type('echo cut-away');
  await launcher.page.keyboard.press('Home');
  await launcher.page.keyboard.press('Control+k');
  await launcher.page.keyboard.type('echo kept-$((40+2))');
  await launcher.page.keyboard.press('Enter');
  await screenShows(launcher, first, /kept-42/);
  expect(await at('palette').count()).toBe(0);

  await choose('Control+Shift+P', 'edge-gw-01', 'connect-');
  await launcher.page.keyboard.press('Enter');
  const second = await nextTab(first);
  await screenShows(launcher, second, promptPattern);

  await choose('Control+Shift+P', 'web-01', 'show-');
  await launcher.page.keyboard.press('Enter');
  expect(await nextTab(second)).toBe(first);

  await launcher.page.keyboard.press('Control+Shift+P');
  await at('palette').waitFor();
  await launcher.page.keyboard.press('Escape');
  await at('palette').waitFor({ state: 'detached' });
  expect(await waitUntil(async () => ((await inTerminal()) === true ? true : null), 2000)).toBe(true);
});

test('no two commands of one view have the same keys', async () => {
  for (const view of await launcher.page.locator('nav[aria-label="Views"] button[data-testid^="nav-"]').all())
    await view.click();
  expect(await launcher.page.evaluate('window.__sallyportTest.keyConflicts()')).toEqual([]);
});

test('what the policy fixes is locked and says by whom; what is set survives a restart', async () => {
  await at('nav-targets').click();
  await choose('Control+k', '>settings terminal', 'command-settings.terminal');
  await launcher.page.keyboard.press('Enter');
  await at('settings-section', { 'data-section': 'terminal' }).waitFor();
  const { page } = launcher;
  expect(await at('settings-lock').allTextContents()).toEqual(Array(2).fill('Fixed by IT operations, Norrland'));
  expect(await page.getByRole('switch', { name: 'Copy as soon as text is selected' }).isDisabled()).toBe(true);
  expect(await page.getByRole('radio', { name: '100,000' }).isDisabled()).toBe(true);
  expect(await page.getByRole('radio', { name: '50,000' }).isChecked()).toBe(true);
  await page.getByRole('button', { name: 'Larger text' }).click();
  await page.getByText('14 px').waitFor();

  await launcher.close();
  launcher = await world.openLauncher({ enrol: 'is-enrolled', args });
  await at('settings').click();
  await launcher.page.getByRole('tab', { name: 'Terminal' }).click();
  await launcher.page.getByText('14 px').waitFor();
  expect(await at('settings-lock').count()).toBe(2);
});
