import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

/** What only the real window shows of a terminal's manners; what is decided about bytes and addresses stands beside the source. */

let world: World;
let launcher: OpenedLauncher;
let tab: string;

beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
  tab = await connectByKeyboard(launcher, 'web-01');
  await screenShows(launcher, tab, promptPattern, 20_000);
});
afterAll(() => world?.close());

const clipboard = () => launcher.app.evaluate(async ({ clipboard: board }) => await board.readText());
const copied = (text: string) => waitUntil(async () => ((await clipboard()) === text ? true : null), 3000);
const press = (keys: string) => launcher.page.keyboard.press(keys);

/** The target prints these bytes, and nothing else changes. */
async function prints(name: string, bytes: string, shows: RegExp): Promise<void> {
  writeFileSync(path.join(world.lab.web.home, name), bytes);
  await typeInto(launcher, tab, `cat ${name}\n`);
  await screenShows(launcher, tab, shows);
}

/** Runs a command of the window by its name, as the palette does. */
async function fromPalette(title: string): Promise<void> {
  await press('Control+Shift+P');
  await launcher.page.keyboard.type(title);
  await launcher.page.getByRole('option', { name: title }).first().waitFor();
  await press('Enter');
}

/** A cell of the text on the screen: where to click. */
async function cellOf(text: string): Promise<{ x: number; y: number }> {
  const row = launcher.page.locator('.xterm-rows > div').filter({ hasText: text, visible: true }).last();
  const box = await row
    .locator('span')
    .filter({ hasText: text.slice(0, 3) })
    .last()
    .boundingBox();
  if (box === null) throw new Error(`"${text}" is not on the screen`);
  return { x: box.x + 12, y: box.y + box.height / 2 };
}

test('a command that no shell marks: its output is copied by key, wrapped lines whole', async () => {
  await typeInto(launcher, tab, "printf 'one  \\n%0300d\\n' 7\n");
  await screenShows(launcher, tab, /0007\s+\S*[$#]\s*$/);
  await press('Control+Shift+O');
  expect(await copied(`one\n${'0'.repeat(299)}7`)).toBe(true);
  await fromPalette('Copy the command itself');
  expect(await copied("printf 'one  \\n%0300d\\n' 7")).toBe(true);
});

test('words are coloured where the program coloured nothing, and not on its own screen', async () => {
  await prints('words', 'an error here, \x1b[32merror\x1b[0m there\r\n', /there/);
  // The terminal draws each cell that is coloured so by itself.
  const coloured = () =>
    launcher.page.evaluate<string>(
      `(() => {
        const probe = document.createElement('i');
        probe.style.color = 'var(--strict)';
        document.body.append(probe);
        const { color } = getComputedStyle(probe);
        probe.remove();
        const spans = [...document.querySelectorAll('.xterm-rows span')];
        return spans.filter((span) => getComputedStyle(span).color === color).map((span) => span.textContent).join('');
      })()`,
    );
  const becomes = (text: string) => waitUntil(async () => ((await coloured()) === text ? true : null), 3000);
  expect(await becomes('error'), await coloured()).toBe(true);
  await prints('owned', '\x1b[?1049h\x1b[Hno error here', /no error here/);
  expect(await becomes(''), await coloured()).toBe(true);
  await typeInto(launcher, tab, "printf '\\033[?1049l'\n");
  await screenShows(launcher, tab, /there/);
  expect(await becomes('error'), await coloured()).toBe(true);
});

test('a link answers to Ctrl and a click, says where it goes, opens when that is confirmed, and is remembered when ticked', async () => {
  await launcher.app.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { opened });
    shell.openExternal = async (url) => void opened.push(url);
  });
  const opened = () => launcher.app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
  const { page } = launcher;
  const dialog = page.locator(byTestId('link-dialog'));
  await prints(
    'links',
    '\x1b]8;;https://evil.example/bank.example\x1b\\bank.example\x1b]8;;\x1b\\\r\nhttps://plain.example/a.\r\nthe-end\r\n',
    /^the-end/m,
  );
  const cell = await cellOf('bank.example');
  await page.mouse.move(cell.x, cell.y);
  await page.mouse.click(cell.x, cell.y);
  expect(await dialog.count()).toBe(0);
  await page.keyboard.down('Control');
  await page.mouse.click(cell.x, cell.y);
  await page.keyboard.up('Control');
  await dialog.waitFor();
  expect(await page.locator(byTestId('link-address')).textContent()).toBe('https://evil.example/bank.example');
  expect(await dialog.textContent()).toContain('The link goes to evil.example');
  expect(await page.locator(byTestId('link-remember')).count()).toBe(0);
  await press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await opened()).toEqual([]);

  const byKeyboard = async () => {
    await press('Control+Shift+J');
    await page.locator(byTestId('link-list')).waitFor();
    await press('Enter');
  };
  await byKeyboard();
  await dialog.waitFor();
  await page.locator(byTestId('link-remember')).check();
  await page.locator(byTestId('link-open')).click();
  expect(await waitUntil(async () => ((await opened()).length === 1 ? true : null), 3000)).toBe(true);
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await byKeyboard();
  expect(await waitUntil(async () => ((await opened()).length === 2 ? true : null), 3000)).toBe(true);
  expect(await opened()).toEqual(['https://plain.example/a', 'https://plain.example/a']);
  expect(await dialog.count()).toBe(0);
});

test('a paste of lines is shown first, and can go in as one', async () => {
  const guard = launcher.page.locator(byTestId('paste-guard'));
  await launcher.app.evaluate(({ clipboard: board }) => board.writeText('echo first\necho \x1b[201~second\n'));
  await press('Control+Shift+V');
  await guard.waitFor();
  expect(await guard.textContent()).toMatch(/Paste 2 lines into web-01\?.*1 control character is left out: Escape/);
  await guard.getByRole('button', { name: 'Paste as one line' }).click();
  await screenShows(launcher, tab, /echo first echo \[201~second/);
  await press('Control+C');
});

test('screen-reader mode comes on at once, names the terminal, and the keyboard leads out of it', async () => {
  const { page } = launcher;
  expect(await page.locator('.xterm-accessibility').count()).toBe(0);
  await fromPalette('Screen-reader mode of the terminal');
  await page.locator('.xterm-accessibility').first().waitFor({ state: 'attached' });
  const name = await page.locator('.xterm-helper-textarea').first().getAttribute('aria-label');
  expect(name).toMatch(/^Terminal of .*web-01 as \S+, recording\. Control Shift Up leaves it\.$/);
  await press('Control+Shift+ArrowUp');
  const focused = page.locator(':focus');
  expect(await focused.getAttribute('data-testid')).toBe('session-tab');
});

test('a shell that marks its commands: a failed one is told by its tick, and the keyboard takes from it', async () => {
  const { page } = launcher;
  await prints(
    'marked',
    '\x1b]133;A\x07$ \x1b]133;B\x07deploy now\r\n\x1b]133;C\x07no room\r\n\x1b]133;D;3\x07\x1b]133;A\x07done-marking\r\n',
    /^done-marking/m,
  );
  const tick = page.locator(byTestId('command-tick', { 'data-status': '3' }));
  await tick.waitFor();
  expect(await tick.getAttribute('aria-label')).toBe('Command: deploy now: ended with status 3');
  await press('Control+Shift+PageUp');
  await press('Control+Shift+K');
  await page.locator(byTestId('command-menu')).waitFor();
  await page.getByRole('menuitem', { name: 'Copy its output' }).press('Enter');
  expect(await copied('no room')).toBe(true);
});
