// One set-up or build at a time in a checkout: two of them would pull node_modules and bundles from under each other.
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { inRoot } from './paths.mjs';
import { StepError, say } from './say.mjs';

// Not in .vite, which Forge empties, nor in node_modules, which npm empties.
const file = inRoot('.setup.lock');
const held = 'SALLYPORT_SETUP_LOCK';
const patienceMs = 20 * 60_000;

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** @returns {number | undefined} the process that holds the lock, undefined when it is free or was left behind */
function holder() {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isInteger(pid) && alive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function tryTake() {
  try {
    const fd = openSync(file, 'wx');
    writeSync(fd, String(process.pid));
    closeSync(fd);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    return false;
  }
}

/**
 * Runs `work` while no other set-up or build runs in this checkout. A child of a holder goes ahead (it inherits the right).
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function locked(work) {
  if (process.env[held]) return work();
  const deadline = Date.now() + patienceMs;
  let told = false;
  while (!tryTake()) {
    const pid = holder();
    if (pid === undefined) {
      // Left by a process that is gone, or written this very moment: look once more before clearing it away.
      await delay(200);
      if (holder() === undefined) rmSync(file, { force: true });
      continue;
    }
    if (!told) say(`  waiting for another set-up of this checkout (process ${pid})`);
    told = true;
    if (Date.now() > deadline) {
      throw new StepError({
        what: 'The set-up did not get its turn.',
        why: `process ${pid} has held ${file} for 20 minutes`,
        todo: 'look at that process; end it if it hangs, then run the command again',
      });
    }
    await delay(500);
  }
  process.env[held] = String(process.pid);
  try {
    return await work();
  } finally {
    delete process.env[held];
    rmSync(file, { force: true });
  }
}
