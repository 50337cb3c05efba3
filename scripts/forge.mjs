// Electron Forge with the Electron that the set-up chose. Usage: forge.mjs package|start ARGS..
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { chosenElectron, prepareElectron } from './lib/electron.mjs';
import { locked } from './lib/lock.mjs';
import { packageScript, runNode } from './lib/node24.mjs';
import { cacheFolder } from './lib/paths.mjs';
import { fail, StepError, say } from './lib/say.mjs';
import { setup } from './setup.mjs';

/**
 * Forge takes an Electron as the archive that its makers publish; the fallback is kept unpacked.
 * @param {import('./lib/electron.mjs').Electron} electron
 * @returns {string} the folder of the archive
 */
function archiveOf({ version, execPath }) {
  const zips = path.join(cacheFolder(), 'electron');
  const zip = path.join(zips, `electron-v${version}-linux-x64.zip`);
  if (existsSync(zip)) return zips;
  say(`  packing Electron ${version} for Forge`);
  const folder = path.dirname(execPath);
  const args = ['-m', 'zipfile', '-c', `${zip}.new`, ...readdirSync(folder)];
  const made = spawnSync('python3', args, { cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) {
    throw new StepError({
      what: `Electron ${version} could not be packed for Forge.`,
      why: made.error?.message ?? made.stderr.trim(),
      todo: 'check that python3 is installed and that the cache folder has room, and run the command again',
    });
  }
  renameSync(`${zip}.new`, zip);
  return zips;
}

async function main() {
  await setup();
  const electron = chosenElectron();
  const [command = '', ...rest] = process.argv.slice(2);
  /** @type {Record<string, string>} */
  const env = { ELECTRON_OVERRIDE_DIST_PATH: path.dirname(electron.execPath) };
  if (command === 'start') env.SALLYPORT_FORGE_DEVELOPING = '1';
  else if (electron.source === 'fallback') {
    env.SALLYPORT_FORGE_ELECTRON_VERSION = electron.version;
    env.SALLYPORT_FORGE_ELECTRON_ZIPS = archiveOf(electron);
    say(`  packaging with Electron ${electron.version}: for trying, not for release`);
  }
  Object.assign(process.env, env);
  const forge = async () => {
    const code = await runNode(packageScript('@electron-forge/cli', 'dist/electron-forge.js'), [command, ...rest]);
    // Forge empties .vite; the next set-up builds again what the commands need.
    await prepareElectron();
    return code;
  };
  // Development goes on for hours; the other commands must not wait for its end.
  return command === 'start' ? forge() : locked(forge);
}

process.exitCode = await main().catch(fail);
