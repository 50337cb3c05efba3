import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRelayLog } from '../../src/lab/observers/relay-log.ts';
import { storedFiles } from '../../src/lab/tour/central-store.ts';
import { checkRecording } from '../../src/lab/tour/check-recording.ts';
import { byTestId, connectByKeyboard, promptPattern, screenShows, typeInto } from '../../src/lab/tour/screen.ts';
import { rendererProcess, residentBytes, sessionProcesses } from '../harness/launcher-processes.ts';
import { recordingBecomes } from '../harness/recordings.ts';
import { bootWorld, type OpenedLauncher, type World } from '../harness/world.ts';

const floodBytes = 100 * 1024 * 1024;
const growthLimit = 150 * 1024 * 1024;

let world: World;
let launcher: OpenedLauncher;
let flood: Buffer;
beforeAll(async () => {
  world = await bootWorld();
  flood = makeFlood();
  writeFileSync(path.join(world.lab.web.home, 'flood.txt'), flood);
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

test('100 MB through the visible tab: memory stays bounded, and the recording holds exactly what the target sent', async () => {
  const { tab, sessionId } = await connect();
  const [session = 0] = await sessionProcesses(launcher);
  const pids = [session, await rendererProcess(launcher)];
  const resident = () => pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
  const before = resident();
  let peak = before;
  const watch = setInterval(() => {
    peak = Math.max(peak, resident());
  }, 100);
  try {
    // -opost: the terminal's line discipline must not add carriage returns of its own.
    await typeInto(launcher, tab, "stty -opost; printf '<'; cat flood.txt; printf '>'; stty opost; echo all-shown\n");
    await screenShows(launcher, tab, /^>?all-shown\s*$/m, 120_000);
  } finally {
    clearInterval(watch);
  }
  expect(peak - before).toBeLessThan(growthLimit);
  await typeInto(launcher, tab, 'exit\n');
  await recordingBecomes(world.lab, sessionId, 'complete', 60_000);
  const { output } = await checkRecording({
    files: storedFiles(world.lab.control.dataFolder, sessionId),
    sessionId,
    identity: world.lab.paths.breakGlass,
  });
  const start = output.indexOf('<000000000 ') + 1;
  const shown = Buffer.from(output.slice(start, start + flood.length), 'latin1');
  expect(output[start + flood.length]).toBe('>');
  expect(createHash('sha256').update(shown).digest('hex')).toBe(createHash('sha256').update(flood).digest('hex'));
});

test('a click on disconnect in the middle of the flood closes the socket at once', async () => {
  const { tab, sessionId } = await connect();
  await typeInto(launcher, tab, 'cat flood.txt flood.txt flood.txt flood.txt\n');
  await screenShows(launcher, tab, /^0000\d+ \S+\s*$/m);
  const clicked = Date.now();
  await launcher.page.locator(byTestId('disconnect')).click();
  const closed = await readRelayLog(world.lab.control.dataFolder).waitFor(
    0,
    (line) => line.event === 'closed' && line.sessionId === sessionId,
    5000,
  );
  expect(Date.parse(closed?.at ?? '') - clicked).toBeLessThan(500);
  expect(closed?.bytesFromTarget).toBeLessThan(4 * flood.length);
  expect(await recordingBecomes(world.lab, sessionId, 'complete', 60_000)).toMatchObject({ endReason: 'disconnected' });
});
