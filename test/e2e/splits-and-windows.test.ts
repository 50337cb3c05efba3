import type { Page } from '@playwright/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRelayLog } from '../../src/lab/observers/relay-log.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows } from '../../src/lab/tour/screen.ts';
import { killByCommandLine, liftTourLocks } from '../../src/lab/tour/steps.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

/** Panes beside each other, windows of their own, and what is left of both after a restart: by keyboard, in the order of a day. */

let world: World;
let launcher: OpenedLauncher;
let left: string;
let right: string;
let detached: Page;

beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

const press = (keys: string, page: Page = launcher.page) => page.keyboard.press(keys);
const type = (text: string, page: Page = launcher.page) => page.keyboard.type(text, { delay: 12 });
const tabs = (page: Page = launcher.page) => page.locator(byTestId('session-tab'));

/** What a session's terminal shows, as it is drawn. */
const rows = (id: string, page: Page = launcher.page) =>
  page.locator(`${byTestId('terminal', { 'data-session-id': id })} .xterm-rows`);

/** Resolves when the keys go to a terminal. */
async function inTerminal(page: Page = launcher.page): Promise<void> {
  await page.locator('.xterm.focus').waitFor();
}

/** Does something that opens a window of its own; resolves with its page. */
async function windowFrom(act: () => Promise<unknown>): Promise<Page> {
  const [page] = await Promise.all([launcher.app.waitForEvent('window', { timeout: 15_000 }), act()]);
  await page.locator(byTestId('session-tab')).first().waitFor({ timeout: 10_000 });
  return page;
}

/** The size of a session's terminal as its target sees it. */
async function sizeOf(id: string, page?: Page): Promise<number> {
  const mark = Math.random().toString(36).slice(2, 8);
  await type(`stty size | sed s/^/${mark}-/\n`, page);
  const text = await screenShows(launcher, id, new RegExp(`^${mark}-\\d+ \\d+`, 'm'));
  return Number(new RegExp(`^${mark}-\\d+ (\\d+)`, 'm').exec(text)?.[1]);
}

/** Closes windows of detached sessions as their frame's button does. */
async function closeWindows(): Promise<void> {
  await launcher.app.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows())
      if (window.webContents.getURL().endsWith('/popout.html')) window.close();
  });
}

test('a split opens a second session to the same target beside the first, and the keys go where the focus is', async () => {
  left = await connectByKeyboard(launcher, 'web-01');
  await screenShows(launcher, left, promptPattern, 20_000);
  const wide = await sizeOf(left);
  await press('Control+Shift+D');
  // A session that opens under the palette does not take what is typed there.
  await press('Control+Shift+P');
  const other = await waitUntil(async () => {
    const ids = await tabs().evaluateAll((all) => all.map((tab) => tab.getAttribute('data-session-id')));
    return ids.find((id) => id !== null && id !== left) ?? null;
  }, 10_000);
  right = other ?? '';
  await screenShows(launcher, right, promptPattern, 20_000);
  await type('reboot');
  expect(await launcher.page.locator(byTestId('palette-input')).inputValue()).toBe('reboot');
  await press('Escape');
  await inTerminal();
  expect(await launcher.page.getByRole('tablist').count()).toBe(2);
  await type('echo in-the-right\n');
  await screenShows(launcher, right, /^in-the-right$/m);
  await press('Alt+ArrowLeft');
  await type('echo in-the-left\n');
  await screenShows(launcher, left, /^in-the-left$/m);
  expect(await launcher.screenText(right)).not.toContain('in-the-left');
  // Half of the window each, and more for the left one by keys; one alone has all of it.
  const half = await sizeOf(left);
  expect(half).toBeLessThan(wide * 0.6);
  await press('Alt+Shift+ArrowRight');
  await press('Alt+Shift+ArrowRight');
  expect(await sizeOf(left)).toBeGreaterThan(half + 3);
  await press('Control+Shift+Enter');
  expect(await sizeOf(left)).toBe(wide);
  await press('Control+Shift+Enter');
});

test('a tab is dragged by the mouse from pane to pane', async () => {
  const from = await tabs().first().boundingBox();
  const to = await tabs().last().boundingBox();
  if (from === null || to === null) throw new Error('a tab is not on the screen');
  await launcher.page.mouse.move(from.x + 30, from.y + 15);
  await launcher.page.mouse.down();
  await launcher.page.mouse.move(to.x + to.width + 30, to.y + 20, { steps: 6 });
  await launcher.page.mouse.up();
  expect(await launcher.page.getByRole('tablist').count()).toBe(1);
  expect(await tabs().evaluateAll((all) => all.map((tab) => tab.getAttribute('data-session-id')))).toEqual([
    right,
    left,
  ]);
  await press('Control+Tab');
  await type('echo still-here\n');
  await screenShows(launcher, right, /^still-here$/m);
});

test('security 42: a tab moves to a window of its own, in which there is nothing but what the main page draws', async () => {
  await press('Control+Tab');
  const page = await windowFrom(() => press('Control+Shift+N'));
  await inTerminal(page);
  await type('echo from-the-window\n', page);
  await screenShows(launcher, left, /^from-the-window$/m);
  await expect.poll(() => rows(left, page).textContent(), { timeout: 5000 }).toContain('from-the-window');
  expect(await page.title()).toMatch(/^(Production: )?web-01, /);
  expect(
    // As text: the tests' types know no DOM.
    await page.evaluate(`({
      strangers: ['sallyport', 'require', 'process', 'module', 'Buffer', 'electron'].filter((name) => name in globalThis),
      scripts: document.querySelectorAll('script').length,
      address: location.href,
      font: document.fonts.check('13px "Commit Mono"'),
      wall: getComputedStyle(document.body).backgroundColor,
      opened: [window.open('https://example.org/'), window.open('app://sallyport/popout.html')],
    })`),
  ).toEqual({
    strangers: [],
    scripts: 0,
    address: 'app://sallyport/popout.html',
    font: true,
    wall: expect.stringMatching(/^rgb\((16, 17, 15|231, 228, 219)\)$/),
    opened: [null, null],
  });
  // The main page itself may open that address and no other.
  expect(
    await launcher.page.evaluate(`[
      window.open('app://sallyport/popout.html?x'),
      window.open('app://sallyport/index.html'),
      window.open('about:blank'),
    ]`),
  ).toEqual([null, null, null]);
  // The clipboard and the guard of pastes are there too, in this window.
  await launcher.app.evaluate(({ clipboard }) => clipboard.writeText('echo one\necho two\n'));
  await press('Control+Shift+V', page);
  await page.locator(byTestId('paste-guard')).waitFor();
  await press('Escape', page);
  await page.locator(byTestId('paste-guard')).waitFor({ state: 'detached' });
  // The palette is in the main window: the keys must go there.
  const inFront = () =>
    launcher.app.evaluate(({ BrowserWindow }) => BrowserWindow.getFocusedWindow()?.webContents.getURL() ?? '');
  await press('Control+Shift+P', page);
  await expect.poll(inFront, { timeout: 5000 }).toContain('index.html');
  await press('Escape');
});

test('a window that is closed gives its tab back, with its screen and its session', async () => {
  await closeWindows();
  await launcher.page.locator(byTestId('session-tab', { 'data-session-id': left })).waitFor();
  await expect.poll(() => rows(left).textContent(), { timeout: 5000 }).toContain('from-the-window');
  await inTerminal();
  await type('echo back-again\n');
  await screenShows(launcher, left, /^back-again$/m);
  // The same by the keys of the window itself, whose pane was one of two: what stays takes the whole room.
  const whole = await sizeOf(left);
  await press('Control+Shift+P');
  await type('Move this tab to a pane on the left');
  await press('Enter');
  await expect.poll(() => launcher.page.getByRole('tablist').count()).toBe(2);
  await press('Alt+ArrowRight');
  await press('Alt+ArrowLeft');
  const page = await windowFrom(() => press('Control+Shift+N'));
  await inTerminal(page);
  await launcher.page.locator(byTestId('terminal', { 'data-session-id': right })).click();
  await inTerminal();
  expect(await sizeOf(right)).toBe(whole);
  const gone = page.waitForEvent('close');
  // The window goes while the keys are still down.
  await Promise.all([gone, press('Control+Shift+N', page).catch(() => undefined)]);
  await launcher.page.locator(byTestId('session-tab', { 'data-session-id': left })).waitFor();
  expect(await tabs().count()).toBe(2);
  // To disconnect from a production target is asked first.
  await press('Control+Shift+X');
  await launcher.page.getByRole('dialog', { name: 'End the session' }).getByText('Disconnect from web-01?').waitFor();
  await press('Escape');
  await inTerminal();
});

test('a kill reaches a session in a window of its own, and its banner stands there', async () => {
  const opens = readRelayLog(world.lab.control.dataFolder);
  detached = await windowFrom(() => press('Control+Shift+N'));
  const first = await opens.waitFor(0, (line) => line.event === 'open', 1000);
  await killByCommandLine(world.lab, first?.sessionId ?? '', 'Not the window that was agreed');
  const banner = detached.locator(byTestId('kill-banner'));
  await banner.waitFor({ timeout: 10_000 });
  expect(await banner.textContent()).toContain('Not the window that was agreed');
  // The order is about the person on this target: the other session there ended with it, in its own window.
  await launcher.page.locator(byTestId('kill-banner')).waitFor();
  await liftTourLocks(world.lab);
  // The lock is lifted: it connects again in its place, with the earlier screen behind it.
  await press('Control+Enter', detached);
  await detached.locator(byTestId('session-tab', { 'data-state': 'recording' })).waitFor({ timeout: 20_000 });
  await detached.getByRole('button', { name: 'Earlier screen' }).click();
  await expect.poll(() => rows(left, detached).textContent(), { timeout: 5000 }).toContain('from-the-window');
});

test('after a restart tabs and windows are there again, and nothing seems to be connected', async () => {
  const name = 'device';
  const places = () =>
    launcher.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()
        .filter((window) => window.webContents.getURL().endsWith('/popout.html'))
        .map((window) => window.getContentBounds()),
    );
  await launcher.app.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows())
      if (window.webContents.getURL().endsWith('/popout.html'))
        window.setContentBounds({ x: 90, y: 80, width: 640, height: 420 });
  });
  // The window is asked every second where it is, and the answer is written a little later.
  await expect
    .poll(
      () =>
        launcher.page.evaluate(async () => {
          const bridge = Reflect.get(globalThis, 'sallyport') as {
            request(name: string, body: object): Promise<{ value?: { layout: string } }>;
          };
          return (await bridge.request('memory.get', {})).value?.layout ?? '';
        }),
      { timeout: 5000 },
    )
    .toContain('"width":640,"height":420');
  const before = await places();
  const gone = launcher.app.waitForEvent('close', { timeout: 20_000 });
  await launcher.app.evaluate(({ app }) => app.quit());
  await launcher.page.locator(byTestId('quit-confirm')).click();
  await gone;
  launcher = await world.openLauncher({ name, enrol: 'is-enrolled' });
  const page =
    launcher.app.windows().find((each) => each.url().endsWith('/popout.html')) ??
    (await launcher.app.waitForEvent('window', { timeout: 15_000 }));
  await page.locator(byTestId('waiting-pane')).waitFor();
  expect((await places())[0]).toMatchObject({ width: before[0]?.width, height: before[0]?.height });
  await launcher.page.locator(byTestId('nav-sessions')).click();
  await launcher.page.locator(byTestId('waiting-pane')).waitFor();
  expect(await tabs().evaluateAll((all) => all.map((tab) => tab.getAttribute('data-state')))).toEqual(['waiting']);
  expect(await tabs(page).evaluateAll((all) => all.map((tab) => tab.getAttribute('data-state')))).toEqual(['waiting']);
  expect(await launcher.page.getByText(/1 recording running/).count()).toBe(0);
  // Enter connects in place.
  await press('Enter');
  const id = await waitUntil(
    () =>
      tabs()
        .first()
        .getAttribute('data-session-id')
        .then((now) => (now?.startsWith('waiting') === false ? now : null)),
    10_000,
  );
  await screenShows(launcher, id ?? '', promptPattern, 20_000);
  expect(await tabs().count()).toBe(1);
});
