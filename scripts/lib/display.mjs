// A display of its own for runs that nobody watches: Xvfb on a free number, closed to other users by a cookie.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { StepError } from './say.mjs';
import { appUser, giveTo } from './stage.mjs';

const startLimitMs = 15_000;

/** @returns {boolean} whether windows can be shown to a person here */
export function hasDisplay() {
  return platform() !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/**
 * Lets the app's user onto root's own desktop: a copy of the cookie that only they can read. Wayland's socket stays closed to
 * them, so X11 it is.
 * @param {import('./stage.mjs').Stage} stage
 * @returns {Record<string, string | undefined>} what to add to the environment
 */
export function shareDesktop(stage) {
  const cookies = process.env.XAUTHORITY ?? path.join(homedir(), '.Xauthority');
  if (!stage.user || platform() !== 'linux' || !existsSync(cookies)) return {};
  const copy = path.join(stage.folder, 'xauthority');
  copyFileSync(cookies, copy);
  chmodSync(copy, 0o600);
  giveTo(stage.user, copy);
  return { XAUTHORITY: copy, WAYLAND_DISPLAY: undefined };
}

/** @param {string} file @param {string} display @param {string} cookie */
function addCookie(file, display, cookie) {
  const result = spawnSync('xauth', ['-q', '-f', file, 'source', '-'], {
    // By standard input: arguments can be read by every user.
    input: `add ${display} . ${cookie}\n`,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw displayError(`xauth: ${result.error?.message ?? result.stderr.trim()}`);
}

/** @param {string} why */
function displayError(why) {
  return new StepError({
    what: 'The virtual display (Xvfb) did not start.',
    why,
    todo: 'run `npm run setup`, which installs it, or start from a desktop',
  });
}

/** @param {import('node:stream').Readable} stream @returns {Promise<string>} the first line */
async function firstLine(stream) {
  let text = '';
  for await (const chunk of stream) {
    text += chunk;
    if (text.includes('\n')) return text.trim();
  }
  throw displayError('it ended before it was ready');
}

/**
 * @typedef {object} Display
 * @property {Record<string, string | undefined>} env what programs that use it need
 * @property {() => Promise<void>} close
 */

/**
 * Starts Xvfb; it ends with this process in any case.
 * @returns {Promise<Display>}
 * @throws {StepError}
 */
export async function startDisplay() {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-display-'));
  chmodSync(folder, 0o755);
  const cookie = randomBytes(16).toString('hex');
  const serverFile = path.join(folder, 'server');
  const clientFile = path.join(folder, 'client');
  addCookie(serverFile, ':0', cookie);
  const xvfb = ['Xvfb', '-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp', '-auth', serverFile];
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...xvfb], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // Ctrl+C is for the programs on the display; the display goes last.
    detached: true,
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    words = (words + text).slice(-500);
  });
  const exited = once(child, 'exit').catch(() => undefined);
  const failed = new Promise((_, reject) => {
    child.once('error', (error) => reject(displayError(error.message)));
    setTimeout(
      () => reject(displayError(`no answer within ${startLimitMs / 1000} s. ${words.trim()}`)),
      startLimitMs,
    ).unref();
  });
  const number = await Promise.race([
    firstLine(/** @type {import('node:stream').Readable} */ (child.stdio[3])),
    /** @type {Promise<never>} */ (failed),
  ]);
  addCookie(clientFile, `:${number}`, cookie);
  giveTo(appUser(), clientFile);
  child.unref();
  return {
    env: { DISPLAY: `:${number}`, XAUTHORITY: clientFile, WAYLAND_DISPLAY: undefined },
    async close() {
      // It was no reason to stay alive while it served; its end is.
      child.ref();
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
