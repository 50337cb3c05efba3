import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sallyport } from '../../src/lab/control/command-line.ts';
import { readTargetLog } from '../../src/lab/observers/target-log.ts';
import { hostKeyOf } from '../../src/lab/sshd/start-sshd.ts';
import { byTestId, connectByKeyboard } from '../../src/lab/tour/screen.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

async function errorAfterConnect(target: string): Promise<string> {
  await connectByKeyboard(launcher, target);
  const shown = launcher.page.locator(byTestId('session-error')).last();
  await shown.waitFor();
  return (await shown.textContent()) ?? '';
}

test('a target that is down says so, with a code and what to do', async () => {
  expect(await errorAfterConnect('backup-02')).toMatch(/SP-2104/);
});

test('another host key than the expected one is a hard stop before any login', async () => {
  const { lab } = world;
  const other = await hostKeyOf(path.join(lab.paths.targets, 'somebody-else'));
  const file = path.join(lab.paths.root, 'changed.yaml');
  writeFileSync(file, readFileSync(lab.paths.world, 'utf8').replace(lab.edge.hostKey, other));
  expect(await sallyport(lab.control.socket, 'sanna', ['apply', file])).toMatchObject({ code: 0 });
  const log = readTargetLog(lab.edge.log);
  const mark = log.mark();
  expect(await errorAfterConnect('edge-gw-01')).toMatch(/SP-2031/);
  const said = log.linesSince(mark).map((line) => line.text);
  expect(said.some((line) => line.startsWith('Connection from'))).toBe(true);
  expect(said.filter((line) => /publickey|Accepted|Failed/.test(line))).toEqual([]);
});

test('without its server the launcher says so, keeps the list readable, and comes back by itself', async () => {
  const { page } = launcher;
  await page.locator(byTestId('nav-targets')).click();
  await page.locator(byTestId('targets-search')).fill('');
  await page.locator(byTestId('connection', { 'data-state': 'online' })).waitFor();
  await world.stopServer();
  await page.locator(byTestId('connection', { 'data-state': 'offline' })).waitFor();
  await page.locator(byTestId('offline-banner')).waitFor();
  await page.locator(byTestId('target-row', { 'data-target-name': 'web-01' })).waitFor();
  await world.startServer();
  await page.locator(byTestId('connection', { 'data-state': 'online' })).waitFor({ timeout: 40_000 });
  await page.locator(byTestId('offline-banner')).waitFor({ state: 'detached' });
});
