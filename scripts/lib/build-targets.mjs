// What is built, from what, and whether it must be built again. Without dependencies: the set-up asks it on every start.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inRoot, root } from './paths.mjs';

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} config the Vite configuration
 * @property {string} entry
 * @property {string} output the file that proves that it was built
 * @property {string[]} folders the source folders that it may import (the layer rules keep this true)
 * @property {string[]} extra other files that go into it
 */

/**
 * @param {string} name
 * @param {string} entry
 * @param {string} output
 * @param {string[]} folders
 * @param {string[]} [extra]
 * @returns {Target}
 */
function target(name, entry, output, folders, extra = []) {
  return { name, entry, output, folders, extra, config: `vite.${name}.config.ts` };
}

/** @type {Target[]} */
export const targets = [
  target('main', 'src/main/main.ts', '.vite/build/main.cjs', ['main', 'recording', 'shared']),
  target('preload', 'src/preload/preload.ts', '.vite/build/preload.cjs', ['preload', 'shared']),
  target('session', 'src/session/session-main.ts', '.vite/build/session.cjs', [
    'session',
    'ssh',
    'recording',
    'shared',
  ]),
  target('replay', 'src/replay/replay-main.ts', '.vite/build/replay.cjs', ['replay', 'recording', 'shared']),
  target('renderer', 'src/renderer/index.html', '.vite/renderer/main_window/index.html', ['renderer', 'shared']),
  // Its list of licences follows the lock file and what the launcher's sources import; a release builds everything anew.
  target(
    'about',
    'src/about/about.html',
    '.vite/renderer/about_window/about.html',
    ['about', 'renderer/styles', 'shared'],
    ['assets/icons/icon.svg', 'scripts/lib/licences.mjs', 'scripts/lib/licence-texts.mjs'],
  ),
  target('about-preload', 'src/preload/about-preload.ts', '.vite/build/about-preload.cjs', ['preload', 'shared']),
  target('cli', 'src/cli/cli-main.ts', '.vite/build/cli.mjs', ['cli', 'control', 'ssh', 'recording', 'shared']),
  target('lab', 'src/lab/lab-main.ts', '.vite/build/lab.mjs', ['lab', 'control', 'ssh', 'recording', 'shared']),
  target('policy-worker', 'src/control/policy/policy-worker.ts', '.vite/build/policy-worker.mjs', [
    'control',
    'shared',
  ]),
  target('wire-digests-worker', 'src/control/relay/wire-digests-worker.ts', '.vite/build/wire-digests-worker.mjs', [
    'control',
  ]),
];

/** Changes to these rebuild everything. */
const common = ['package-lock.json', 'vite.shared.ts', 'scripts/build.mjs'];

/** @param {string} folder below the checkout @returns {string[]} its files but the tests, sorted, relative to the checkout */
function filesOf(folder) {
  const absolute = inRoot(folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** @param {Target} wanted @returns {string} a hash over everything that goes into it */
export function inputsHash(wanted) {
  const hash = createHash('sha256');
  const files = [
    ...common,
    wanted.config,
    ...wanted.extra,
    ...wanted.folders.flatMap((folder) => filesOf(path.join('src', folder))),
  ];
  for (const file of files) {
    hash.update(`${file}\0`);
    hash.update(
      createHash('sha256')
        .update(readFileSync(inRoot(file)))
        .digest(),
    );
  }
  return hash.digest('hex');
}

/** @param {Target} wanted */
function stampFile(wanted) {
  return inRoot('.vite', 'stamps', wanted.name);
}

/** @param {Target} wanted */
export function isFresh(wanted) {
  try {
    return existsSync(inRoot(wanted.output)) && readFileSync(stampFile(wanted), 'utf8') === inputsHash(wanted);
  } catch {
    return false;
  }
}

/** Called before a target is written: an interrupted build must not look finished. @param {Target} wanted */
export function clearStamp(wanted) {
  rmSync(stampFile(wanted), { force: true });
}

/** @param {Target} wanted @param {string} hash of the inputs as they were when the build began */
export function writeStamp(wanted, hash) {
  const file = stampFile(wanted);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, hash);
  renameSync(`${file}.new`, file);
}
