#!/usr/bin/env node
// The command line from a checkout: runs the built program under Node 24.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isGiven } from '../scripts/lib/given-descriptor.mjs';
import { findNode, toolEnvironment } from '../scripts/lib/node24.mjs';
import { inRoot } from '../scripts/lib/paths.mjs';
import { fail, StepError } from '../scripts/lib/say.mjs';

/**
 * What the program gets open: input, output, errors, and the descriptor after `--fd`. Node passes no other on by itself.
 * @param {string[]} args
 * @returns {('inherit' | 'ignore' | number)[]}
 */
function descriptors(args) {
  const at = args.findIndex((arg) => arg === '--fd' || arg.startsWith('--fd='));
  const fd = Number(args[at] === '--fd' ? args[at + 1] : args[at]?.slice('--fd='.length));
  /** @type {('inherit' | 'ignore' | number)[]} */
  const stdio = ['inherit', 'inherit', 'inherit'];
  if (!Number.isInteger(fd) || fd < 3 || fd > 255) return stdio;
  // What nobody gave is not passed on, and the program says so.
  if (!isGiven(fd)) return stdio;
  while (stdio.length < fd) stdio.push('ignore');
  return [...stdio, fd];
}

async function main() {
  const program = inRoot('.vite', 'build', 'cli.mjs');
  if (!existsSync(program)) {
    throw new StepError({
      what: 'The command line is not built yet.',
      why: `${program} does not exist`,
      todo: `run \`npm run setup\` in ${inRoot()}`,
    });
  }
  const args = process.argv.slice(2);
  const child = spawn(findNode(), [program, ...args], { stdio: descriptors(args), env: toolEnvironment() });
  // Whoever stops this one means the program. Ctrl+C reaches it without us: then its end is only waited for.
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => undefined);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main().catch(fail);
