// A copy of the built launcher that an ordinary user can run. Root starts it as another user, so that Chromium's sandbox
// stays on; that user can read neither root's home nor a closed checkout.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { chosenElectron } from './electron.mjs';
import { bundles, nativePackagesOf } from './native-packages.mjs';
import { inRoot, isRoot } from './paths.mjs';

/**
 * @typedef {object} Stage
 * @property {string} folder everything of it; delete it afterwards
 * @property {string} program starts Electron as the right user; first argument `app`, then the app's own
 * @property {string} app the folder of the built launcher
 * @property {string} home a home folder for the app's user
 * @property {{ uid: number, gid: number } | null} user who the app runs as; null: whoever calls
 * @property {boolean} sandbox whether Chromium's sandbox is on
 * @property {string} electron the version that runs
 * @property {'electron' | 'fallback'} source where that Electron comes from
 */

/** Debian's nobody and nogroup. */
const nobody = { uid: 65_534, gid: 65_534 };

/** What Playwright has Electron load before the app, below node_modules. */
const driverLoader = 'playwright-core/lib/server/electron/loader.js';

/** @returns {{ uid: number, gid: number } | null} who the app runs as; null: this user */
export function appUser() {
  return isRoot() ? nobody : null;
}

/** @param {{ uid: number, gid: number } | null} user @param {string} file */
export function giveTo(user, file) {
  if (user) chownSync(file, user.uid, user.gid);
}

/** @param {string} folder */
function copyApp(folder) {
  const app = path.join(folder, 'app');
  const build = path.join(app, '.vite', 'build');
  mkdirSync(build, { recursive: true });
  copyFileSync(inRoot('package.json'), path.join(app, 'package.json'));
  for (const name of bundles) copyFileSync(inRoot('.vite', 'build', name), path.join(build, name));
  const icon = ['assets', 'icons', 'icon-512.png'];
  cpSync(inRoot(...icon), path.join(app, ...icon));
  cpSync(inRoot('.vite', 'renderer'), path.join(app, '.vite', 'renderer'), { recursive: true });
  for (const name of nativePackagesOf(build)) {
    cpSync(inRoot('node_modules', name), path.join(app, 'node_modules', name), { recursive: true });
  }
  return app;
}

/** @param {string[]} words @returns {string} quoted for sh */
function shellWords(words) {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

/** @param {{ uid: number, gid: number } | null} user @returns {string[]} what to put before a command to run it as them */
function asUser(user) {
  return user ? ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--no-new-privs'] : [];
}

/** @param {{ uid: number, gid: number } | null} user @returns {boolean} whether they may make the namespaces of a sandbox */
function canSandbox(user) {
  if (platform() !== 'linux') return true;
  const [command = '', ...args] = [...asUser(user), 'unshare', '--user', '--pid', '--net', '--fork', 'true'];
  return spawnSync(command, args, { cwd: '/', stdio: 'ignore' }).status === 0;
}

/**
 * @param {string} folder
 * @param {{ uid: number, gid: number } | null} user
 * @param {string} home
 * @param {boolean} sandbox
 * @returns {string} the program to start
 */
function writeProgram(folder, user, home, sandbox) {
  const { execPath } = chosenElectron();
  if (platform() === 'win32') return execPath;
  const program = path.join(folder, 'run-launcher');
  const variables = user
    ? [`HOME=${home}`, `XDG_CONFIG_HOME=${home}/.config`, `XDG_CACHE_HOME=${home}/.cache`, `XDG_RUNTIME_DIR=${home}`]
    : [];
  const command = [...asUser(user), 'env', '-u', 'ELECTRON_RUN_AS_NODE', ...variables, execPath];
  const loader = path.join(folder, 'driver-loader.cjs');
  const extra = sandbox ? '' : ' --no-sandbox';
  // Playwright names a module of its own to load first; the app's user may not be able to read this checkout, but the copy.
  // It also turns the sandbox off unless told otherwise; whether it is on is decided here alone.
  writeFileSync(
    program,
    `#!/bin/sh
# A crash must not write memory to disk.
ulimit -c 0
for arg do
  shift
  case $arg in
    --no-sandbox) continue ;;
    */${driverLoader}) arg=${shellWords([loader])} ;;
  esac
  set -- "$@" "$arg"
done
exec ${shellWords(command)}${extra} "$@"
`,
  );
  chmodSync(program, 0o755);
  return program;
}

/**
 * Makes a fresh copy. As root it belongs to nobody's home; as an ordinary user the app uses that user's own home.
 * @returns {Stage}
 */
export function stageApp() {
  const mask = process.umask(0o022);
  try {
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-app-'));
    chmodSync(folder, 0o755);
    const user = appUser();
    const app = copyApp(folder);
    const loader = inRoot('node_modules', ...driverLoader.split('/'));
    if (existsSync(loader)) copyFileSync(loader, path.join(folder, 'driver-loader.cjs'));
    const home = user ? path.join(folder, 'home') : homedir();
    if (user) {
      mkdirSync(home, { mode: 0o700 });
      giveTo(user, home);
    }
    const sandbox = canSandbox(user);
    const { version, source } = chosenElectron();
    const program = writeProgram(folder, user, home, sandbox);
    const stage = { folder, program, app, home, user, sandbox, electron: version, source };
    writeFileSync(path.join(folder, 'stage.json'), `${JSON.stringify(stage, null, 2)}\n`);
    return stage;
  } finally {
    process.umask(mask);
  }
}

/** @param {Stage} stage */
export function removeStage(stage) {
  rmSync(stage.folder, { recursive: true, force: true });
}
