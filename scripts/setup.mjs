// Makes a checkout runnable: system libraries, packages, Electron, build. Plain Node >= 20 without dependencies; does only what
// is missing. `npm start` and `npm test` call it first. Progress goes to standard error.
import { pathToFileURL } from 'node:url';
import { isFresh, targets } from './lib/build-targets.mjs';
import { prepareElectron } from './lib/electron.mjs';
import { locked } from './lib/lock.mjs';
import { runNode } from './lib/node24.mjs';
import { buildNativeModules, installPackages } from './lib/packages.mjs';
import { inRoot } from './lib/paths.mjs';
import { AlreadySaid, fail, StepError, say, step } from './lib/say.mjs';
import { installSystemLibraries } from './lib/system-libraries.mjs';

const oldestNode = 20;

async function build() {
  const stale = targets.filter((target) => !isFresh(target));
  if (stale.length === 0) return 'up to date';
  // Standard output belongs to what the command reports: the build's words go to standard error.
  const code = await runNode(inRoot('scripts', 'build.mjs'), [], { stdio: ['ignore', 2, 2] });
  if (code !== 0) throw new AlreadySaid();
  return `built ${stale.map((target) => target.name).join(', ')}`;
}

/**
 * Does every step that is not done yet.
 * @throws {StepError} at the first that fails
 */
export async function setup() {
  if (Number.parseInt(process.versions.node, 10) < oldestNode) {
    throw new StepError({
      what: 'This Node is too old.',
      why: `the set-up needs Node ${oldestNode} or newer, this is ${process.versions.node}`,
      todo: 'install a newer Node (https://nodejs.org/en/download) and run the command again',
    });
  }
  const began = performance.now();
  say('Setting up');
  await locked(async () => {
    await step('system libraries', installSystemLibraries);
    await step('packages', installPackages);
    await step('native modules', buildNativeModules);
    await step('electron', prepareElectron);
    await step('build', build);
  });
  say(`  ready (${((performance.now() - began) / 1000).toFixed(1)} s)\n`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setup().catch(fail);
}
