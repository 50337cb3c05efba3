import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { _electron, type Page } from '@playwright/test';
import { byTestId } from '../../src/lab/tour/screen.ts';
import { bootWorld, type World } from '../harness/world.ts';
import { addTargets } from './many-targets.ts';
import { type Bench, type Measure, median, percentile } from './measure.ts';

const targetCount = 5000;

/** An Electron app that only opens a window with a word in it. */
function emptyApp(stageFolder: string): string {
  const folder = mkdtempSync(path.join(stageFolder, 'empty-'));
  chmodSync(folder, 0o755);
  writeFileSync(path.join(folder, 'package.json'), '{"name":"empty","main":"main.cjs"}');
  writeFileSync(
    path.join(folder, 'main.cjs'),
    `const { app, BrowserWindow } = require('electron');
app.enableSandbox();
app.whenReady().then(() => new BrowserWindow({ width: 1280, height: 820 }).loadFile('index.html'));
app.on('window-all-closed', () => app.quit());
`,
  );
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>empty</title><p id="there">There</p>');
  return folder;
}

/** Milliseconds from spawn to a window in which `selector` is drawn. The driver's own time is in both. */
async function untilDrawn(
  world: World,
  app: string,
  userData: string,
  args: string[],
  selector: string,
): Promise<number> {
  const began = performance.now();
  const launched = await _electron.launch({
    executablePath: world.stage.program,
    args: [app, `--user-data-dir=${userData}`, ...args],
    cwd: world.stage.folder,
    env: Object.fromEntries(Object.entries(process.env).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]]))),
  });
  try {
    const page = await launched.firstWindow();
    await page.locator(selector).first().waitFor();
    return performance.now() - began;
  } finally {
    await launched.close();
  }
}

/** Types a text into a field letter by letter, "<" as Backspace; milliseconds from each key to the frame that shows its result. */
async function keysToFrames(page: Page, testId: string, text: string): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(globalThis, { benchTimes: times });
    document.addEventListener(
      'keydown',
      (event) => {
        const at = event.timeStamp;
        // After the frame of this key's result: React draws a typed letter before its event is over.
        requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - at), 0));
      },
      true,
    );
  });
  const field = page.locator(byTestId(testId));
  await field.focus();
  for (const letter of text) {
    const before = await page.evaluate(() => (globalThis as unknown as { benchTimes: number[] }).benchTimes.length);
    await page.keyboard.press(letter === '<' ? 'Backspace' : letter);
    await page.waitForFunction(
      (count) => (globalThis as unknown as { benchTimes: number[] }).benchTimes.length > count,
      before,
    );
  }
  return page.evaluate(() => (globalThis as unknown as { benchTimes: number[] }).benchTimes);
}

function keyNote(keys: readonly number[]): string {
  return `${keys.length} keys: p50 ${percentile(keys, 50).toFixed(1)}, p95 ${percentile(keys, 95).toFixed(1)}, worst ${Math.max(...keys).toFixed(1)} ms`;
}

export const start: Bench = {
  name: 'start',
  what: `from spawn to the list of ${targetCount.toLocaleString('en')} targets, and from a key in its search to the frame with the result`,
  async run(say, { quick }) {
    const world = await bootWorld();
    const folder = emptyApp(world.stage.folder);
    const userData = path.join(world.lab.paths.launchers, 'empty');
    try {
      await addTargets(world.lab, targetCount);
      const launcher = await world.openLauncher({ name: 'starts' });
      await launcher.page.locator(byTestId('target-row')).first().waitFor();
      const typed = quick ? 'pay<<<' : 'pay-db-03<<<<<<<<<edge<<<<stock oslo<<<<<<<<<<kafka<<<<<';
      const keys = await keysToFrames(launcher.page, 'targets-search', typed);
      await launcher.page.keyboard.press('Control+k');
      const inPalette = await keysToFrames(launcher.page, 'palette-input', typed);
      await launcher.close();
      const ours: number[] = [];
      const empty: number[] = [];
      for (let round = 0; round < (quick ? 2 : 5); round += 1) {
        rmSync(userData, { recursive: true, force: true });
        mkdirSync(userData, { mode: 0o777 });
        chmodSync(userData, 0o777);
        ours.push(
          await untilDrawn(world, world.stage.app, launcher.userData, ['--test-hooks'], byTestId('target-row')),
        );
        empty.push(await untilDrawn(world, folder, userData, [], '#there'));
        say(`round ${round + 1}: launcher ${ours.at(-1)?.toFixed(0)} ms, empty app ${empty.at(-1)?.toFixed(0)} ms`);
      }
      const measures: Measure[] = [
        {
          name: 'start, 5,000 targets',
          unit: 'ms',
          ours,
          peers: [{ name: 'an empty Electron app', values: empty }],
          goal: '1.5 x the empty app',
          met: median(ours) <= 1.5 * median(empty),
          note: 'spawn to the first row drawn, by the driver, whose own time is in both',
        },
        {
          name: 'search in 5,000 targets',
          unit: 'ms',
          ours: keys,
          peers: [],
          goal: 'keypress to painted result p95 below 50 ms',
          met: percentile(keys, 95) < 50,
          note: keyNote(keys),
        },
        {
          name: 'palette over 5,000 targets',
          unit: 'ms',
          ours: inPalette,
          peers: [],
          goal: 'keypress to painted result p95 below 50 ms',
          met: percentile(inPalette, 95) < 50,
          note: keyNote(inPalette),
        },
      ];
      return measures;
    } finally {
      await world.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
