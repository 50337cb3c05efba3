import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sallyport } from '../../src/lab/control/command-line.ts';
import { builtFile } from '../../src/lab/control/start-control.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { runProgram } from '../../src/lab/processes.ts';
import {
  activeTab,
  byTestId,
  connectByKeyboard,
  promptPattern,
  screenShows,
  typeInto,
} from '../../src/lab/tour/screen.ts';
import { spooled } from '../../src/lab/tour/steps.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

/** What a hostile target may make the screen do: draw, and nothing else. */

let world: World;
let launcher: OpenedLauncher;
let tab: string;
let sessionId: string;
const kept = 'what-the-person-had-copied';

beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
  tab = await connectByKeyboard(launcher, 'web-01');
  await screenShows(launcher, tab, promptPattern, 20_000);
  sessionId = spooled(launcher.userData)[0] ?? '';
});
afterAll(() => world?.close());

const clipboard = () => launcher.app.evaluate(async ({ clipboard: board }) => await board.readText());

let scripts = 0;
/** The target prints `bytes`; resolves with what the terminal sent back within a moment, before anybody typed. */
async function answersTo(bytes: string): Promise<string> {
  scripts += 1;
  const name = path.join(world.lab.web.home, `attack-${scripts}`);
  writeFileSync(`${name}.bytes`, bytes);
  writeFileSync(
    `${name}.sh`,
    `stty raw -echo min 0 time 8; cat ${name}.bytes; cat > ${name}.answers; stty sane; printf '\\r\\nover-${scripts}\\r\\n'\n`,
  );
  await typeInto(launcher, tab, `sh ${name}.sh\n`);
  await screenShows(launcher, tab, new RegExp(`over-${scripts}`), 10_000);
  return readFileSync(`${name}.answers`, 'latin1');
}

test('security 24: OSC 52 neither reads nor writes the clipboard', async () => {
  await launcher.app.evaluate(async ({ clipboard: board }, text) => await board.writeText(text), kept);
  const stolen = Buffer.from('stolen').toString('base64');
  const answers = await answersTo(`\x1b]52;c;${stolen}\x07\x1b]52;c;?\x07\x1b]52;p;?\x1b\\`);
  expect(answers).toBe('');
  expect(await clipboard()).toBe(kept);
});

test('security 25: a link of the target is text: a click does nothing, a script is none, and nothing opens unasked', async () => {
  await answersTo(
    '\x1b]8;;https://evil.example/\x1b\\harmless\x1b]8;;\x1b\\ https://plain.example/ javascript:alert(1)\r\n',
  );
  await screenShows(launcher, tab, /harmless https:\/\/plain\.example/);
  let asked = 0;
  launcher.page.on('dialog', (dialog) => {
    asked += 1;
    void dialog.dismiss();
  });
  const row = launcher.page
    .locator('.xterm-rows span')
    .filter({ hasText: 'harmless' })
    .filter({ visible: true })
    .last();
  const box = await row.boundingBox();
  if (box === null) throw new Error('the row is not on the screen');
  const cell = box.width / ((await row.textContent()) ?? '').length;
  const { mouse } = launcher.page;
  // In the middle of the OSC 8 link, of an address that is only text, and of a script.
  for (const column of [4, 20, 40]) {
    await mouse.move(box.x + column * cell, box.y + box.height / 2, { steps: 3 });
    // xterm's own class for what it would follow.
    expect(await launcher.page.locator('.xterm-cursor-pointer').count()).toBe(0);
    await mouse.click(box.x + column * cell, box.y + box.height / 2);
  }
  expect(await launcher.page.locator(byTestId('link-dialog')).count()).toBe(0);
  // With Ctrl the window asks, in a dialog of its own; a script in text is no link at all.
  const question = launcher.page.getByRole('dialog');
  for (const column of [4, 20, 40]) {
    await mouse.move(box.x + column * cell, box.y + box.height / 2, { steps: 3 });
    await launcher.page.keyboard.down('Control');
    await mouse.click(box.x + column * cell, box.y + box.height / 2);
    await launcher.page.keyboard.up('Control');
    if (column === 40) expect(await question.count()).toBe(0);
    else {
      await question.waitFor();
      await launcher.page.keyboard.press('Escape');
      await question.waitFor({ state: 'detached' });
    }
  }
  expect(asked).toBe(0);
  expect(
    await launcher.app.evaluate(({ webContents }) => webContents.getAllWebContents().map((one) => one.getURL())),
  ).toEqual(['app://sallyport/index.html?test']);
});

test('security 26: answers carry nothing that the target chose, and say no more than what the terminal is', async () => {
  const marker = 'rm-rf-slash';
  const answers = await answersTo(
    [
      `\x1b]0;${marker}\x07`, // title
      '\x1b[21t', // report the title
      `\x1bP$q${marker}\x1b\\`, // DECRQSS
      `\x1bP+q${Buffer.from(marker).toString('hex')}\x1b\\`, // XTGETTCAP
      '\x1b[c\x1b[>c\x1b[5n', // DA, secondary DA, status
      `\x1b]4;1;?\x07\x1b]10;?\x07`, // colours
      `\x05`, // answerback
      `\x1b]1337;${marker}\x07\x1b]9;${marker}\x07`, // notifications
      '\r\n',
    ].join(''),
  );
  expect(answers).not.toContain(marker);
  expect(answers).not.toContain(Buffer.from(marker).toString('hex'));
  // Positive control: the terminal does answer what every terminal answers.
  expect(answers).toMatch(/\x1b\[\?1;2c/);
  expect(answers).not.toMatch(/[\r\n]/);
});

test('security 27: markup and control characters in a title or a reason are text, and one event stays one line', async () => {
  const markup = '<img src=x onerror="document.title=1">';
  await answersTo(`\x1b]2;${markup}\x07\x1b]0;${markup}\x07${markup}\r\n`);
  await screenShows(launcher, tab, /<img src=x onerror/);
  const { socket } = world.lab.control;
  const reason = `first\nsession.killed actor=nobody\x1b[2Jlast`;
  const killed = await sallyport(socket, 'mira', ['sessions', 'kill', sessionId, '--reason', `${markup} ${reason}`]);
  expect(killed.code).toBe(0);
  const banner = launcher.page.locator(byTestId('kill-banner'));
  await banner.waitFor();
  expect(await banner.textContent()).toContain(markup);
  const page = await launcher.page.evaluate(`({
    title: document.title,
    images: [...document.images].filter((image) => image.getAttribute('src') === 'x').length,
  })`);
  expect(page).toEqual({ title: expect.stringMatching(/Sallyport/), images: 0 });
  expect(
    await launcher.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getTitle()),
  ).not.toContain('img');
  const lines = readFileSync(path.join(world.lab.control.dataFolder, 'audit.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(sessionId) && line.includes('kill'));
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  // Printed for a person, too: no line of the target's or the reason's own making, no escape.
  const printed = await runProgram(process.execPath, [
    builtFile('cli.mjs'),
    '--socket',
    socket,
    '--as',
    'mira',
    'audit',
  ]);
  const text = printed.stdout.toString('utf8');
  expect(printed.code).toBe(0);
  expect(text).not.toContain('\x1b');
  expect(text).not.toMatch(/^session\.killed actor=nobody/m);
  await recordingBecomes(world.lab, sessionId, 'complete');
  expect(await activeTab(launcher)).toBe(tab);
});

test('security 24: a replay of the same bytes does not touch the clipboard either', async () => {
  await launcher.page.locator(byTestId('nav-history')).click();
  await launcher.page.locator(byTestId('recording-row', { 'data-session-id': sessionId })).click();
  await launcher.page.keyboard.press('Enter');
  const purpose = launcher.page.locator(byTestId('replay-purpose'));
  if (await purpose.isVisible()) {
    await purpose.fill('Looking at escapes');
    await launcher.page.locator(byTestId('replay-purpose-open')).click();
  }
  await launcher.page.locator(byTestId('replay', { 'data-ready': 'true' })).waitFor();
  await launcher.page.keyboard.press('End');
  const shown = await waitUntil(async () => ((await launcher.replayText()).includes('over-1') ? true : null), 5000);
  expect(shown).toBe(true);
  expect(await clipboard()).toBe(kept);
});
