import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRelayLog } from '../../src/lab/observers/relay-log.ts';
import { readTargetLog } from '../../src/lab/observers/target-log.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows } from '../../src/lab/tour/screen.ts';
import { killByCommandLine, spooled } from '../../src/lab/tour/steps.ts';
import { connectAnyway } from '../harness/connect-anyway.ts';
import { allPids } from '../harness/launcher-processes.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { connectionsOf, connectionsTo } from '../harness/sockets.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

let world: World;
let launcher: OpenedLauncher;
beforeAll(async () => {
  world = await bootWorld();
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

test('a direct session is labelled best effort; a kill makes the launcher close its own socket', async () => {
  const target = readTargetLog(world.lab.edge.log);
  await launcher.page
    .locator(byTestId('target-row', { 'data-target-name': 'edge-gw-01' }))
    .getByText(/best effort/i)
    .first()
    .waitFor();
  const tab = await connectByKeyboard(launcher, 'edge-gw-01');
  await screenShows(launcher, tab, promptPattern, 20_000);
  const [sessionId = ''] = spooled(launcher.userData);
  const login = await target.acceptedLogin(0, sessionId, 2000);
  expect(login?.keyId).toBe(`jonas ${sessionId} edge-gw-01`);
  // The launcher has the connection, and the relay knows nothing of it.
  const held = () =>
    allPids(launcher)
      .flatMap((pid) => connectionsOf(pid))
      .filter((each) => each.remotePort === world.lab.edge.port);
  expect(held()).toHaveLength(1);
  expect(readRelayLog(world.lab.control.dataFolder).linesSince(0)).toEqual([]);

  const order = await killByCommandLine(world.lab, sessionId, 'Wrong machine');
  expect(order).toMatchObject({ state: 'confirmed', relayClosedMs: null });
  expect(order.launcherClosedMs).toBeLessThan(250);
  const seen = await target.closed(0, login?.port ?? 0, 2000);
  expect(Date.parse(seen?.at ?? '') - Date.parse(order.requestedAt)).toBeLessThan(1000);
  expect(
    await waitUntil(() => (held().length === 0 && connectionsTo(world.lab.edge.port).length === 0 ? true : null), 1000),
  ).toBe(true);
  const banner = launcher.page.locator(byTestId('kill-banner'));
  await banner.waitFor();
  expect(await banner.textContent()).toMatch(/Mira Okafor[\s\S]*Wrong machine/);

  // The list shows the lock; whoever connects all the same is refused by the server.
  await launcher.page.locator(byTestId('nav-targets')).click();
  await launcher.page
    .locator(byTestId('target-row', { 'data-target-name': 'edge-gw-01' }))
    .getByText(/locked/i)
    .first()
    .waitFor();
  expect(await connectAnyway(launcher, 'edge-gw-01')).toMatchObject({ problem: { code: 'SP-2003' } });
  await recordingBecomes(world.lab, sessionId, 'complete');
});
