import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readStage } from '../../src/lab/launcher/stage.ts';
import { readRelayLog } from '../../src/lab/observers/relay-log.ts';
import { readTargetLog } from '../../src/lab/observers/target-log.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { storedFiles } from '../../src/lab/tour/central-store.ts';
import { checkRecording } from '../../src/lab/tour/check-recording.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { killByCommandLine, openReplay, replayVerified, spooled } from '../../src/lab/tour/steps.ts';
import { connectAnyway } from '../harness/connect-anyway.ts';
import { allPids, sessionProcesses, statusOf } from '../harness/launcher-processes.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { connectionsOf, connectionsTo } from '../harness/sockets.ts';
import { verifyByCommandLine } from '../harness/verify.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

const text = 'the-quick-brown-fox';

/** The level of a running session, with at least one anchor. */
const anchoredPattern = /^Anchored with wire: [1-9]\d* anchors?/;

describe('the main job, in order', () => {
  let sessionId = '';

  // Not run where the system denies user namespaces; the start of the tests says so.
  test.skipIf(!readStage().sandbox)('the app runs as an ordinary user with its sandbox on', () => {
    expect(statusOf(launcher.pid, 'Uid')).not.toMatch(/^0\b/);
    const lines = allPids(launcher).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    expect(lines.filter((line) => line.includes('--no-sandbox'))).toEqual([]);
    const renderers = allPids(launcher).filter((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer'),
    );
    expect(renderers.length).toBeGreaterThan(0);
    // 2: a seccomp filter is on (proc_pid_status(5)); in a PID namespace of its own, it has more than one id.
    for (const pid of renderers) {
      expect(statusOf(pid, 'Seccomp')).toBe('2');
      expect(statusOf(pid, 'NSpid').split(/\s+/).length).toBeGreaterThan(1);
    }
  });

  test('Enter on a target logs in by certificate through the relay, and what is typed is echoed', async () => {
    const relay = readRelayLog(world.lab.control.dataFolder);
    const target = readTargetLog(world.lab.web.log);
    const tab = await connectByKeyboard(launcher, 'web-01');
    await screenShows(launcher, tab, promptPattern, 20_000);
    const opened = await relay.waitFor(0, (line) => line.event === 'open', 2000);
    sessionId = opened?.sessionId ?? '';
    expect(opened).toMatchObject({ targetAddress: `127.0.0.1:${world.lab.web.port}` });
    const login = await target.acceptedLogin(0, sessionId, 2000);
    expect(login?.keyId).toBe(`jonas ${sessionId} web-01`);
    await typeInto(launcher, tab, `echo ${text}\n`);
    await screenShows(launcher, tab, new RegExp(`^${text}\\s*$`, 'm'));
    // What stands behind the record is said while it is made: the target's host key has signed for the grant by now.
    const evidence = launcher.page.locator(byTestId('evidence'));
    await expect.poll(() => evidence.textContent(), { timeout: 10_000 }).toMatch(anchoredPattern);
    // The launcher itself has no connection with the target.
    const ports = allPids(launcher).flatMap((pid) => connectionsOf(pid).map((each) => each.remotePort));
    expect(ports).not.toContain(world.lab.web.port);
    expect(connectionsTo(world.lab.web.port)).toHaveLength(1);
    await typeInto(launcher, tab, 'exit 3\n');
    await screenShows(launcher, tab, /exit/);
  });

  test('the recording is stored and holds the text, by stock tools and by our own verifier', async () => {
    const stored = await recordingBecomes(world.lab, sessionId, 'complete');
    expect(stored).toMatchObject({
      endReason: 'exit 3',
      user: { id: 'jonas' },
      target: { name: 'web-01' },
      because: null,
    });
    const checked = await checkRecording({
      files: storedFiles(world.lab.control.dataFolder, sessionId),
      sessionId,
      identity: world.lab.paths.breakGlass,
    });
    expect(checked.output).toMatch(new RegExp(`[\\r\\n]${text}\\r\\n`));
    expect(checked.input).toContain(`echo ${text}\r`);
    expect(checked.endReason).toBe('exit 3');
    expect(checked.segments).toBe(stored.segments.length);
    const said = await verifyByCommandLine(world.lab, sessionId);
    expect(said).toMatchObject({ code: 0 });
  });

  test('a fresh process without a local copy replays the text', async () => {
    expect(await waitUntil(() => (spooled(launcher.userData).length === 0 ? true : null), 5000)).toBe(true);
    await launcher.close();
    launcher = await world.openLauncher({ enrol: 'is-enrolled' });
    await launcher.page.locator(byTestId('nav-history')).click();
    await openReplay(launcher, sessionId);
    expect(await waitUntil(async () => ((await launcher.replayText()).includes(text) ? true : null), 15_000)).toBe(
      true,
    );
    expect(await replayVerified(launcher)).toBe(true);
    // And of the stored recording.
    expect(await launcher.page.locator(byTestId('replay-checks')).textContent()).toMatch(/^Anchored with wire/);
    await launcher.page.keyboard.press('Escape');
    const row = launcher.page.locator(byTestId('recording-row', { 'data-session-id': sessionId }));
    expect(await row.getAttribute('data-evidence')).toBe('anchored-with-wire');
  });
});

test('a kill from the command line closes every socket, says who and why, and locks', async () => {
  const relay = readRelayLog(world.lab.control.dataFolder);
  const target = readTargetLog(world.lab.web.log);
  const [relayMark, targetMark] = [relay.mark(), target.mark()];
  const tab = await connectByKeyboard(launcher, 'web-01');
  await screenShows(launcher, tab, promptPattern, 20_000);
  const opened = await relay.waitFor(relayMark, (line) => line.event === 'open', 2000);
  const sessionId = opened?.sessionId ?? '';
  const login = await target.acceptedLogin(targetMark, sessionId, 2000);
  const [session] = await sessionProcesses(launcher);
  expect(connectionsOf(session ?? 0)).not.toEqual([]);

  const order = await killByCommandLine(world.lab, sessionId, 'Outside the window');
  expect(order).toMatchObject({ state: 'confirmed', by: { name: 'Mira Okafor' } });
  // Seen by the relay, by sshd, and by the kernel.
  const closed = await relay.waitFor(
    relayMark,
    (line) => line.event === 'closed' && line.sessionId === sessionId,
    2000,
  );
  expect(closed).toMatchObject({ orderId: order.id });
  expect(closed?.ms).toBeLessThan(250);
  const seen = await target.closed(targetMark, login?.port ?? 0, 2000);
  expect(Date.parse(seen?.at ?? '') - Date.parse(order.requestedAt)).toBeLessThan(1000);
  expect(order.launcherClosedMs).toBeLessThan(250);
  expect(connectionsTo(world.lab.web.port)).toEqual([]);
  expect(await waitUntil(() => (connectionsOf(session ?? 0).length === 0 ? true : null), 1000)).toBe(true);

  const banner = launcher.page.locator(byTestId('kill-banner'));
  await banner.waitFor();
  expect(await banner.textContent()).toMatch(/Mira Okafor[\s\S]*Outside the window/);
  // The frozen screen stays readable.
  expect(await launcher.screenText(tab)).toMatch(promptPattern);

  // The list shows the lock; whoever connects all the same is refused by the server.
  await launcher.page.locator(byTestId('nav-targets')).click();
  await launcher.page
    .locator(byTestId('target-row', { 'data-target-name': 'web-01' }))
    .getByText(/locked/i)
    .first()
    .waitFor();
  expect(await connectAnyway(launcher, 'web-01')).toMatchObject({ problem: { code: 'SP-2003' } });
  expect(relay.linesSince(relayMark).filter((line) => line.event === 'open')).toHaveLength(1);
  const stored = await recordingBecomes(world.lab, sessionId, 'complete');
  expect(stored).toMatchObject({
    killedBy: expect.stringContaining('Mira Okafor'),
    endReason: 'killed by Mira Okafor: Outside the window',
  });
});
