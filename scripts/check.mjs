// `npm run check`: types for every runtime, lint and format, layer rules. Reports everything that is wrong, then fails.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { locked } from './lib/lock.mjs';
import { findNode, packageScript, toolEnvironment } from './lib/node24.mjs';
import { installPackages } from './lib/packages.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { fail, say, step } from './lib/say.mjs';

/**
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<{ code: number, output: string }>}
 */
function capture(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(findNode(), [script, ...args], { cwd: root, env: toolEnvironment() });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** @returns {string[]} every tsconfig that stands for a runtime */
function projects() {
  return readdirSync(root)
    .filter((name) => /^tsconfig\.(?!base).+\.json$/.test(name))
    .sort();
}

/** @returns {Promise<number>} how many checks failed */
async function checkAll() {
  const jobs = [
    ...projects().map((project) => ({
      name: `types ${project.slice('tsconfig.'.length, -'.json'.length)}`,
      script: packageScript('typescript', 'bin/tsc'),
      args: ['-p', project, '--pretty', 'false'],
    })),
    { name: 'lint and format', script: packageScript('@biomejs/biome', 'bin/biome'), args: ['check', '--colors=off'] },
    { name: 'layer rules', script: inRoot('scripts', 'check-layers.mjs'), args: [] },
  ];
  let failed = 0;
  const queue = [...jobs];
  async function work() {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const began = performance.now();
      const { code, output } = await capture(job.script, job.args);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      say(`${code === 0 ? 'ok    ' : 'FAILED'} ${job.name} (${seconds} s)`);
      if (code !== 0) {
        failed += 1;
        process.stdout.write(`${output.trimEnd()}\n`);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  return failed;
}

async function main() {
  await locked(() => step('packages', installPackages));
  const failed = await checkAll();
  say(failed === 0 ? 'check: all good' : `check: ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main().catch(fail);
