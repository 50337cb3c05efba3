import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeInvite } from '../../src/lab/owner/enrol.ts';
import { byTestId, enrolByInvite } from '../../src/lab/tour/screen.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher({ enrol: 'first-run' });
});
afterAll(() => world?.close());

async function problem(): Promise<string> {
  const shown = launcher.page.locator(byTestId('first-run-problem'));
  await shown.waitFor();
  return (await shown.textContent()) ?? '';
}

test('half an invite is refused in words, with a code', async () => {
  const { invite } = await makeInvite(world.lab.control, 'jonas');
  await enrolByInvite(launcher, invite.slice(0, -20));
  expect(await problem()).toMatch(/SP-1001/);
});

test('an invite for another trust root is refused before anything is sent', async () => {
  const { invite } = await makeInvite(world.lab.control, 'jonas');
  const content = JSON.parse(Buffer.from(invite.slice('sallyport-'.length), 'base64url').toString());
  const forged = `sallyport-${Buffer.from(JSON.stringify({ ...content, trustRoot: '0'.repeat(64) })).toString('base64url')}`;
  await enrolByInvite(launcher, forged);
  await launcher.page
    .locator(byTestId('first-run-problem'))
    .getByText(/SP-1004/)
    .waitFor();
});

test('an invite enrols this device and opens the targets; the next start is already at home', async () => {
  const { invite } = await makeInvite(world.lab.control, 'jonas');
  await enrolByInvite(launcher, invite);
  await launcher.page.locator(byTestId('target-row', { 'data-target-name': 'web-01' })).waitFor();
  const identity = path.join(launcher.userData, 'identity.json');
  expect(statSync(identity).mode & 0o077).toBe(0);
  expect(readFileSync(identity, 'utf8')).not.toContain(invite);
  await launcher.close();
  launcher = await world.openLauncher({ enrol: 'is-enrolled' });
  await launcher.page.locator(byTestId('target-row', { 'data-target-name': 'web-01' })).waitFor();
  // Search has the focus: the first letters typed find a target.
  await launcher.page.keyboard.type('edge');
  await launcher.page.locator(byTestId('target-row', { 'data-target-name': 'web-01' })).waitFor({ state: 'detached' });
  await launcher.page.locator(byTestId('target-row', { 'data-target-name': 'edge-gw-01' })).waitFor();
  await launcher.close();

  launcher = await world.openLauncher({ name: 'second-device', enrol: 'first-run' });
  await enrolByInvite(launcher, invite);
  expect(await problem()).toMatch(/SP-1002/);
});
