#!/usr/bin/env node
// The command line from a checkout: runs the built program under Node 24.
import { existsSync } from 'node:fs';
import { runNode } from '../scripts/lib/node24.mjs';
import { inRoot } from '../scripts/lib/paths.mjs';
import { fail, StepError } from '../scripts/lib/say.mjs';

async function main() {
  const program = inRoot('.vite', 'build', 'cli.mjs');
  if (!existsSync(program)) {
    throw new StepError({
      what: 'The command line is not built yet.',
      why: `${program} does not exist`,
      todo: `run \`npm run setup\` in ${inRoot()}`,
    });
  }
  return runNode(program, process.argv.slice(2), { cwd: process.cwd() });
}

process.exitCode = await main().catch(fail);
