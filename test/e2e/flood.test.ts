import { createHash, randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRelayLog } from '../../src/lab/observers/relay-log.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { storedFiles } from '../../src/lab/tour/central-store.ts';
import { checkRecording } from '../../src/lab/tour/check-recording.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { rendererProcess, residentBytes, sessionProcesses } from '../harness/launcher-processes.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

/** The session process alone takes 100 MB in session-flood.test.ts; here it is what the window makes of it. */
const floodBytes = Number(process.env.SALLYPORT_FLOOD_MB ?? 32) * 1024 * 1024;
/** What goes through before: what a terminal and a recorder take for good, and what a collector leaves for later, is there by then. */
const warmBytes = 16 * 1024 * 1024;
/** The record is slower than the window here, so it is what holds the flood back; a screen that is slower than the record: session-slow.test.ts. */
const growthLimit = 150 * 1024 * 1024;

let world: World;
let launcher: OpenedLauncher;
let flood: Buffer;
beforeAll(async () => {
  world = await bootWorld();
  flood = makeFlood();
  writeFileSync(path.join(world.lab.web.home, 'flood.txt'), flood);
  writeFileSync(path.join(world.lab.web.home, 'warm.txt'), flood.subarray(0, warmBytes));
  launcher = await world.openLauncher();
});
afterAll(() => world?.close());

/** Coloured lines of log, not two alike. */
function makeFlood(): Buffer {
  const block =
    randomBytes(48 * 1024)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  const parts: string[] = [];
  let size = 0;
  for (let number = 0; size < floodBytes; number += 1) {
    const line = `${String(number).padStart(9, '0')} \x1b[3${number % 8}m${block[number % block.length]}\x1b[0m\r\n`;
    parts.push(line);
    size += line.length;
  }
  return Buffer.from(parts.join(''), 'latin1');
}

async function connect(): Promise<{ tab: string; sessionId: string }> {
  const relay = readRelayLog(world.lab.control.dataFolder);
  const mark = relay.mark();
  const tab = await connectByKeyboard(launcher, 'web-01');
  await screenShows(launcher, tab, promptPattern, 20_000);
  const opened = await relay.waitFor(mark, (line) => line.event === 'open', 2000);
  return { tab, sessionId: opened?.sessionId ?? '' };
}

test('a flood through the visible tab (SALLYPORT_FLOOD_MB, else 32): memory stays bounded, and the recording holds exactly what the target sent', async () => {
  const { tab, sessionId } = await connect();
  const [session = 0] = await sessionProcesses(launcher);
  const pids = { session, renderer: await rendererProcess(launcher) };
  await typeInto(launcher, tab, "cat warm.txt; echo 'warm'-ed\n");
  await screenShows(launcher, tab, /warm-ed\s*$/m, 60_000);
  const before = { session: residentBytes(pids.session), renderer: residentBytes(pids.renderer) };
  const peak = { ...before };
  const watch = setInterval(() => {
    peak.session = Math.max(peak.session, residentBytes(pids.session));
    peak.renderer = Math.max(peak.renderer, residentBytes(pids.renderer));
  }, 100);
  try {
    // -opost: the terminal's line discipline must not add carriage returns of its own. The last command says to the test, past the
    // screen, that all has been sent: asking the screen meanwhile would be a load of its own.
    const line = "stty -opost; printf '<'; cat flood.txt; printf '>'; stty opost; echo all-shown; touch all-sent";
    await typeInto(launcher, tab, `${line}\n`);
    const sent = path.join(world.lab.web.home, 'all-sent');
    expect(await waitUntil(() => (existsSync(sent) ? true : null), 150_000)).toBe(true);
    await screenShows(launcher, tab, /^>?all-shown\s*$/m, 30_000);
  } finally {
    clearInterval(watch);
  }
  const growth = { session: peak.session - before.session, renderer: peak.renderer - before.renderer };
  expect(growth.session + growth.renderer, JSON.stringify(growth)).toBeLessThan(growthLimit);
  await typeInto(launcher, tab, 'exit\n');
  await recordingBecomes(world.lab, sessionId, 'complete', 60_000);
  const { output } = await checkRecording({
    files: storedFiles(world.lab.control.dataFolder, sessionId),
    sessionId,
    identity: world.lab.paths.breakGlass,
  });
  const start = output.lastIndexOf('<000000000 ') + 1;
  const shown = Buffer.from(output.slice(start, start + flood.length), 'latin1');
  expect(output[start + flood.length]).toBe('>');
  expect(createHash('sha256').update(shown).digest('hex')).toBe(createHash('sha256').update(flood).digest('hex'));
});

test('a click on disconnect in the middle of the flood closes the socket at once', async () => {
  const { tab, sessionId } = await connect();
  const { page } = launcher;
  const box = await page.locator(byTestId('disconnect')).boundingBox();
  if (box === null) throw new Error('there is nothing to click on');
  // When the browser took the click from the system, by its own clock; a driver's own waiting is not the product's.
  await page.evaluate(
    `document.querySelector(${JSON.stringify(byTestId('disconnect'))}).addEventListener(
      'click',
      (event) => { globalThis.clickedAt = performance.timeOrigin + event.timeStamp; },
      { capture: true },
    )`,
  );
  await typeInto(launcher, tab, 'cat flood.txt flood.txt flood.txt flood.txt\n');
  await screenShows(launcher, tab, /^0000\d+ \S+\s*$/m);
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const closed = await readRelayLog(world.lab.control.dataFolder).waitFor(
    0,
    (line) => line.event === 'closed' && line.sessionId === sessionId,
    5000,
  );
  const clicked = Number(await page.evaluate('globalThis.clickedAt ?? 0'));
  expect(clicked).toBeGreaterThan(0);
  expect(Date.parse(closed?.at ?? '') - clicked).toBeLessThan(500);
  expect(closed?.bytesFromTarget).toBeLessThan(4 * flood.length);
  expect(await recordingBecomes(world.lab, sessionId, 'complete', 60_000)).toMatchObject({ endReason: 'disconnected' });
});
