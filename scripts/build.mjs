// Builds the launcher's processes and the server-side programs that are not up to date. Arguments: target names, or --force.
import { existsSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { build } from 'vite';
import { clearStamp, inputsHash, isFresh, targets, writeStamp } from './lib/build-targets.mjs';
import { locked } from './lib/lock.mjs';
import { inRoot } from './lib/paths.mjs';
import { fail, StepError, say } from './lib/say.mjs';

/** @param {import('./lib/build-targets.mjs').Target} wanted */
async function buildTarget(wanted) {
  if (!existsSync(inRoot(wanted.entry))) throw new Error(`its entry ${wanted.entry} does not exist`);
  const hash = inputsHash(wanted);
  clearStamp(wanted);
  await build({ configFile: inRoot(wanted.config), mode: 'production', logLevel: 'warn', clearScreen: false });
  writeStamp(wanted, hash);
}

async function main() {
  const args = process.argv.slice(2);
  const names = args.filter((arg) => !arg.startsWith('--'));
  const stale = targets.filter(
    (wanted) => (names.length === 0 || names.includes(wanted.name)) && (args.includes('--force') || !isFresh(wanted)),
  );
  /** @type {string[]} */
  const failures = [];
  for (const wanted of stale) {
    const began = performance.now();
    try {
      await buildTarget(wanted);
      say(`    built ${wanted.name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      // The others are still built: someone at work on one part can go on with the rest.
      failures.push(
        `${wanted.name}: ${stripVTControlCharacters(error instanceof Error ? error.message : String(error))}`,
      );
    }
  }
  if (failures.length > 0) {
    throw new StepError({
      what: `The build failed for ${failures.length} of ${targets.length} targets.`,
      why: failures.join('\n       '),
      todo: 'mend the source named above and run the command again; targets that succeeded are kept',
    });
  }
}

await locked(main).catch(fail);
