// The packages of package-lock.json in node_modules, and the one native module that must be built. Plain Node >= 20.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { carriedNodeFolder, findNode, toolEnvironment } from './node24.mjs';
import { inRoot, root } from './paths.mjs';
import { StepError } from './say.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean, link?: boolean }} Locked */

/** @param {string} file @returns {Record<string, Locked>} */
function lockedPackages(file) {
  const { packages } = /** @type {{ packages: Record<string, Locked> }} */ (JSON.parse(readFileSync(file, 'utf8')));
  return packages;
}

/**
 * npm writes node_modules/.package-lock.json last, so an interrupted installation never looks complete. Comparing it with
 * the lock file also notices what someone installed by hand.
 * @returns {boolean} whether node_modules is what the lock file says
 */
function packagesMatch() {
  const hidden = inRoot('node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = lockedPackages(inRoot('package-lock.json'));
  const present = lockedPackages(hidden);
  const same = Object.entries(present).every(
    ([name, { version, integrity }]) => wanted[name]?.version === version && wanted[name]?.integrity === integrity,
  );
  // What is for another system may be absent.
  return same && Object.entries(wanted).every(([name, { optional }]) => name === '' || optional || name in present);
}

/** @returns {boolean} whether node-pty has a binary for this system, built here or brought along */
function nodePtyBuilt() {
  const folder = inRoot('node_modules', 'node-pty');
  return (
    existsSync(`${folder}/build/Release/pty.node`) || existsSync(`${folder}/prebuilds/${platform()}-${arch()}/pty.node`)
  );
}

/** @param {string} output @returns {string} what a person needs of it: where npm names the cause, where a compiler stops */
function excerpt(output) {
  const lines = output.split('\n').filter((line) => line.replace(/^npm error/, '').trim() !== '');
  const kept = lines.length > 24 ? [...lines.slice(0, 12), '...', ...lines.slice(-12)] : lines;
  return kept.join('\n       ');
}

/**
 * @param {string[]} args of npm
 * @param {NodeJS.ProcessEnv} env
 * @param {{ what: string, todo: string }} words for a failure
 */
function npm(args, env, words) {
  const result = spawnSync('npm', args, { cwd: root, env, encoding: 'utf8', shell: platform() === 'win32' });
  if (result.status === 0) return;
  throw new StepError({ ...words, why: result.error?.message ?? excerpt(`${result.stdout}\n${result.stderr}`) });
}

/** @returns {Record<string, string>} where node-gyp finds Node's headers, so that it does not look for them on nodejs.org */
function headers() {
  const folder = carriedNodeFolder();
  return folder ? { npm_config_nodedir: folder } : {};
}

function buildNodePty() {
  const env = toolEnvironment(headers());
  npm(['rebuild', 'node-pty', '--ignore-scripts=false', '--foreground-scripts'], env, {
    what: 'node-pty (pseudo terminals) could not be built.',
    todo: 'it needs python3, make and a C++ compiler; install them and run `npm run setup` again',
  });
  const probe = spawnSync(findNode(), ['-e', 'require("node-pty")'], { cwd: root, env, encoding: 'utf8' });
  if (probe.status !== 0) {
    throw new StepError({
      what: 'node-pty was built but does not load.',
      why: (probe.stderr ?? '').trim().split('\n').slice(0, 5).join('\n       '),
      todo: 'delete node_modules/node-pty/build and run `npm run setup` again',
    });
  }
}

/**
 * Brings node_modules to what package-lock.json says; does nothing when it is.
 * @returns {string} a few words on what was done
 * @throws {StepError}
 */
export function installPackages() {
  const fresh = packagesMatch();
  if (!fresh) {
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], process.env, {
      what: '`npm ci` failed: the packages are not installed.',
      todo: 'check that the package registry is reachable (`npm ping`) and run the command again; nothing else was changed',
    });
  }
  return `${fresh ? 'up to date' : 'installed'}; Node ${nodeVersion()} for everything from here`;
}

/**
 * Builds the native module that npm brings as source only. Needs a compiler.
 * @returns {string} a few words on what was done
 * @throws {StepError}
 */
export function buildNativeModules() {
  if (nodePtyBuilt()) return 'up to date';
  buildNodePty();
  return 'node-pty built';
}

function nodeVersion() {
  const folder = carriedNodeFolder();
  if (!folder) return process.versions.node;
  return /** @type {{ version: string }} */ (JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))).version;
}
