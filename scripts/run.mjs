// Runs a script, or with --bin a program of node_modules, under Node 24. Usage: run.mjs FILE ARGS.. | run.mjs --bin NAME ARGS..
import { realpathSync } from 'node:fs';
import { run, runNode } from './lib/node24.mjs';
import { inRoot } from './lib/paths.mjs';
import { fail, say } from './lib/say.mjs';

async function main() {
  const [first, ...rest] = process.argv.slice(2);
  if (!first || (first === '--bin' && !rest[0])) {
    say('Usage: node scripts/run.mjs FILE ARGS.. | node scripts/run.mjs --bin NAME ARGS..');
    return 2;
  }
  if (first !== '--bin') return runNode(first, rest);
  const [name, ...args] = rest;
  const program = inRoot('node_modules', '.bin', name ?? '');
  // On Windows .bin holds command files, elsewhere links to scripts.
  if (process.platform === 'win32') return run(`${program}.cmd`, args, { shell: true });
  return runNode(realpathSync(program), args);
}

process.exitCode = await main().catch(fail);
