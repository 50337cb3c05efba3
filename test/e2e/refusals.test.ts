import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { sallyportOk } from '../../src/lab/control/command-line.ts';
import { readTargetLog } from '../../src/lab/observers/target-log.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { makeInvite } from '../../src/lab/owner/enrol.ts';
import { freePort } from '../../src/lab/ports.ts';
import {
  byTestId,
  connectByKeyboard,
  enrolByInvite,
  promptPattern,
  screenShows,
  typeInto,
} from '../../src/lab/tour/screen.ts';
import { spooled } from '../../src/lab/tour/steps.ts';
import { decodeInvite, encodeInvite, type Invite } from '../../src/shared/protocol/invite.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { canMount, type SmallDisk, smallDisk } from '../harness/small-disk.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

/** What a person sees of refusals (docs/refusals.md), in one world, in the order of a bad day. */

let world: World;
let launcher: OpenedLauncher;
const disks: SmallDisk[] = [];
const day = 86_400_000;
const devicesSchema = z.object({ devices: z.array(z.object({ id: z.string() })) });

beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher({ enrol: 'first-run' });
});
afterAll(async () => {
  for (const disk of disks) disk.unmount();
  await world?.close();
});

/** Where SALLYPORT_PICTURES names a folder, what is seen is kept there to be looked at. */
async function picture(name: string): Promise<void> {
  const folder = process.env.SALLYPORT_PICTURES;
  if (folder !== undefined) await launcher.screenshot(path.join(folder, `${name}.png`));
}

/** The text of an element once it says `pattern`; no text on a screen may look like a program's. */
async function reads(testId: string, pattern: RegExp, limitMs = 15_000): Promise<string> {
  const found = launcher.page.locator(byTestId(testId)).filter({ hasText: pattern }).filter({ visible: true }).last();
  await found.waitFor({ timeout: limitMs });
  const text = (await found.textContent()) ?? '';
  expect(text).not.toMatch(/\.[cm]?[jt]s:\d+|Error: |undefined|\[object/);
  return text;
}

async function changedInvite(change: Partial<Invite>): Promise<string> {
  const { invite } = await makeInvite(world.server(), 'jonas');
  return encodeInvite({ ...decodeInvite(invite), ...change });
}

/** Moves the clock of the launcher's main process, as far as it can tell, against the server's. */
async function shiftClock(ms: number): Promise<void> {
  await launcher.app.evaluate((_electron, off) => {
    const clock = globalThis as { realNow?: () => number };
    clock.realNow ??= Date.now.bind(Date);
    const real = clock.realNow;
    Date.now = () => real() + off;
  }, ms);
}

async function openShell(target: string): Promise<string> {
  const tab = await connectByKeyboard(launcher, target);
  await screenShows(launcher, tab, promptPattern, 20_000);
  return tab;
}

/** Of the sessions that lie in the spool, the one that was not there before. */
function newSession(before: string[]): string {
  const [found] = spooled(launcher.userData).filter((id) => !before.includes(id));
  if (found === undefined) throw new Error('no new session lies in the spool');
  return found;
}

describe('refusal: first run', () => {
  test('a wrong server address: nothing answers there, in words with the address', async () => {
    const port = await freePort();
    await enrolByInvite(launcher, await changedInvite({ address: `https://127.0.0.1:${port}` }));
    expect(await reads('first-run-problem', /SP-1003/)).toContain(
      `https://127.0.0.1:${port} cannot be reached: nothing answers on that port`,
    );
    await picture('wrong-address');
  });

  test('an address that is no control server', async () => {
    // The target's sshd: it speaks, but no TLS.
    const address = `https://127.0.0.1:${world.lab.web.port}`;
    await enrolByInvite(launcher, await changedInvite({ address }));
    expect(await reads('first-run-problem', /SP-1003/)).toContain(address);
  });

  test('a guessed invite code: refused, with whom to ask', async () => {
    await enrolByInvite(launcher, await changedInvite({ code: 'ABCD2345' }));
    expect(await reads('first-run-problem', /SP-1002/)).toMatch(/unknown, was used, or is older[\s\S]*new invite/);
    await picture('guessed-code');
  });

  test('a clock that is a day ahead: how far, which clock, what to do', async () => {
    await shiftClock(day);
    await enrolByInvite(launcher, await changedInvite({}));
    expect(await reads('first-run-problem', /SP-1009/)).toMatch(
      /The clocks do not agree[\s\S]*24 hours ahead of the server's \(here .* UTC, there .* UTC\)[\s\S]*Set the wrong one right/,
    );
    await picture('clock-ahead');
    await shiftClock(0);
    await enrolByInvite(launcher, await changedInvite({}));
    await launcher.page.locator(byTestId('target-row', { 'data-target-name': 'web-01' })).waitFor();
  });
});

describe('refusal: a clock that is set wrong while the launcher runs', () => {
  test('connecting says how far off it is, and works again when it is right', async () => {
    await shiftClock(-day);
    await connectByKeyboard(launcher, 'web-01');
    expect(await reads('session-error', /SP-1009/)).toMatch(
      /24 hours behind the server's[\s\S]*Set the wrong one right/,
    );
    await picture('clock-behind');
    await shiftClock(0);
    await launcher.page.locator(byTestId('reconnect')).filter({ visible: true }).click();
    await launcher.page.locator(byTestId('session-tab', { 'data-state': 'recording' })).waitFor();
    await launcher.page.locator(byTestId('disconnect')).click();
  });
});

describe.skipIf(!canMount)('refusal: full disks', () => {
  let local: SmallDisk;
  let store: SmallDisk;

  test('this machine: nothing is opened, and the words say why', async () => {
    await waitUntil(() => (spooled(launcher.userData).length === 0 ? true : null), 10_000);
    local = smallDisk({
      folder: path.join(launcher.userData, 'spool'),
      bytes: 12_000_000,
      owner: world.stage.user,
    });
    disks.push(local);
    local.fill();
    await connectByKeyboard(launcher, 'web-01');
    expect(await reads('session-error', /SP-3011/)).toMatch(/its disk is full\. Nothing was opened\. Free space/);
    await picture('disk-full-at-start');
    local.clear();
    local.fill(2_000_000);
    await connectByKeyboard(launcher, 'web-01');
    expect(await reads('session-error', /at least 6 MB/)).toMatch(/SP-3011/);
    local.clear();
  });

  test('this machine, in the middle: it stops, and the record has a signed end that says so', async () => {
    const before = spooled(launcher.userData);
    const tab = await openShell('web-01');
    const sessionId = newSession(before);
    local.fill(600_000);
    await typeInto(launcher, tab, 'head -c 3000000 /dev/urandom | base64 -w 100\n');
    expect(await reads('banner', /SP-3011/)).toMatch(/Stopped: the record could not be written[\s\S]*the disk is full/);
    await picture('disk-full-in-the-middle');
    const stored = await recordingBecomes(world.lab, sessionId, 'complete', 30_000);
    expect(stored.endReason).toMatch(/^recorder-failed \(SP-3011\): .*the disk is full/);
    local.clear();
  });

  test('the store: the recording stays here, the reason is said, and it goes when there is room', async () => {
    await waitUntil(() => (spooled(launcher.userData).length === 0 ? true : null), 10_000);
    store = smallDisk({ folder: path.join(world.lab.control.dataFolder, 'recordings'), bytes: 400_000 });
    disks.push(store);
    const tab = await openShell('web-01');
    const sessionId = newSession([]);
    await typeInto(launcher, tab, 'head -c 900000 /dev/urandom | base64 -w 100; exit\n');
    await launcher.page.locator(byTestId('backlog', { 'data-recordings': '1' })).waitFor();
    await launcher.page.locator(byTestId('nav-history')).click();
    expect(await reads('local-row', /SP-5010/)).toMatch(/its disk is full\. Nothing was acknowledged/);
    await picture('store-full');
    expect(spooled(launcher.userData)).toEqual([sessionId]);
    store.unmount();
    disks.splice(disks.indexOf(store), 1);
    await recordingBecomes(world.lab, sessionId, 'complete', 40_000);
    await launcher.page.locator(byTestId('backlog', { 'data-recordings': '0' })).waitFor();
    local.unmount();
    disks.splice(disks.indexOf(local), 1);
  });
});

describe('refusal: the control server goes in the middle of sessions', () => {
  test('security 18: it hangs (half-open): both sessions freeze with a countdown, end within 15 s, and are central afterwards', async () => {
    const direct = readTargetLog(world.lab.edge.log);
    const before = spooled(launcher.userData);
    const relayTab = await openShell('web-01');
    const relayed = newSession(before);
    const tab = await openShell('edge-gw-01');
    const directly = newSession([...before, relayed]);
    const login = await direct.acceptedLogin(0, directly, 5000);
    const server = world.server().process.pid;
    const at = Date.now();
    // The server process itself: what was started first may only be its wrapper.
    process.kill(server, 'SIGSTOP');
    try {
      const countdown = await reads('banner', /No contact: input stops in \d+ s, the session ends in \d+ s/);
      expect(countdown).toMatch(/If contact is back before that, the session goes on/);
      expect(await launcher.page.locator(byTestId('offline-banner')).count()).toBe(0);
      await picture('no-contact');
      expect(await reads('banner', /Frozen: no contact with the server/)).toMatch(
        /Nothing you type is sent\. If contact/,
      );
      await picture('frozen');
      await typeInto(launcher, tab, 'echo must-not-pass');
      await reads('banner', /Ended at .*: no contact with the server/);
      await picture('ended-without-contact');
      const seen = await direct.closed(0, login?.port ?? 0, 2000);
      expect(Date.parse(seen?.at ?? '') - at).toBeLessThan(15_500);
      expect(await launcher.screenText(tab)).not.toContain('must-not-pass');
      await launcher.page.locator(byTestId('session-tab', { 'data-session-id': relayTab })).click();
      await reads('banner', /Ended at .*: no contact with the server/);
    } finally {
      process.kill(server, 'SIGCONT');
    }
    for (const id of [relayed, directly]) {
      const stored = await recordingBecomes(world.lab, id, 'complete', 40_000);
      expect(stored.endReason).toMatch(/no contact|connection lost/);
    }
  });

  test('it is killed: a relayed session ends at once, says why, and its record waits and arrives', async () => {
    await launcher.page.locator(byTestId('connection', { 'data-state': 'online' })).waitFor({ timeout: 40_000 });
    await openShell('web-01');
    process.kill(world.server().process.pid, 'SIGKILL');
    expect(await reads('banner', /The connection broke at/)).toMatch(/The record is complete up to here/);
    await picture('relay-gone');
    await launcher.page.locator(byTestId('backlog', { 'data-recordings': '1' })).waitFor();
  });
});

describe('refusal: the control server is down at start', () => {
  test('the launcher starts, says so, keeps its recording, and comes back by itself', async () => {
    await launcher.close();
    launcher = await world.openLauncher({ enrol: 'is-enrolled' });
    expect(await reads('offline-banner', /SP-1003/)).toMatch(/cannot be reached: nothing answers on that port/);
    await picture('server-down-at-start');
    const [sessionId = ''] = spooled(launcher.userData);
    await world.startServer();
    await launcher.page.locator(byTestId('connection', { 'data-state': 'online' })).waitFor({ timeout: 40_000 });
    await launcher.page.locator(byTestId('target-row', { 'data-target-name': 'web-01' })).waitFor();
    expect((await recordingBecomes(world.lab, sessionId, 'complete', 40_000)).endReason).toBe('connection lost');
    expect(launcher.output()).not.toMatch(/Unhandled|Error:/);
  });
});

describe('refusal: a device that is revoked', () => {
  test('its sessions end within 2 s, the door says why, and what is not sent yet goes with the next invite', async () => {
    const direct = readTargetLog(world.lab.edge.log);
    const relayTab = await openShell('web-01');
    const relayed = newSession([]);
    await openShell('edge-gw-01');
    const directly = newSession([relayed]);
    const login = await direct.acceptedLogin(0, directly, 5000);
    const { devices } = await sallyportOk(world.server().socket, 'sanna', ['devices', 'list'], devicesSchema);
    const at = Date.now();
    await sallyportOk(world.server().socket, 'sanna', ['devices', 'revoke', devices[0]?.id ?? ''], z.unknown());
    const seen = await direct.closed(0, login?.port ?? 0, 4000);
    expect(Date.parse(seen?.at ?? '') - at).toBeLessThan(2000);
    expect(await reads('first-run-problem', /SP-1005/)).toMatch(/lost its access/);
    const waiting = await reads('first-run-backlog', /\d recordings?, .*, not sent yet/);
    expect(waiting).toMatch(/sent when you join again/);
    await picture('revoked');
    expect(await launcher.page.locator(byTestId('terminal', { 'data-session-id': relayTab })).count()).toBe(0);
    await enrolByInvite(launcher, await changedInvite({}));
    for (const id of [relayed, directly]) {
      const stored = await recordingBecomes(world.lab, id, 'complete', 20_000);
      expect(stored.endReason).toMatch(/lost its access/);
    }
  });
});

describe('security 3: no keyring, and a server that allows no key in a file', () => {
  test('nothing is kept, the screen says so, and the device is forgotten on quit', async () => {
    const file = path.join(world.lab.paths.root, 'keyring.yaml');
    writeFileSync(file, readFileSync(world.lab.paths.world, 'utf8').replace('deviceKey: file', 'deviceKey: keyring'));
    await sallyportOk(world.server().socket, 'sanna', ['apply', file], z.unknown());
    await launcher.close();
    launcher = await world.openLauncher({ name: 'no-keyring', enrol: 'first-run' });
    await enrolByInvite(launcher, await changedInvite({}));
    await launcher.page.getByText('This device is forgotten when you quit').waitFor();
    await picture('no-keyring');
    const kept = readdirSync(launcher.userData, { recursive: true }).map(String);
    expect(kept.filter((name) => /identity|device-key/.test(name))).toEqual([]);
    await launcher.close();
    launcher = await world.openLauncher({ name: 'no-keyring', enrol: 'is-enrolled' });
    await launcher.page.locator(byTestId('first-run-invite')).waitFor();
  });
});
