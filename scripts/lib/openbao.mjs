// The OpenBao that the tests talk to: built by Go from test/openbao, kept in the cache folder under the hash of what it was built from.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { arch, platform } from 'node:os';
import path from 'node:path';
import { run } from './node24.mjs';
import { cacheFolder, inRoot } from './paths.mjs';
import { StepError } from './say.mjs';

const source = inRoot('test', 'openbao');

/** @returns {string} where the program lies, or will */
export function openbaoProgram() {
  const hash = createHash('sha256').update(`${platform()} ${arch()}\n`);
  for (const name of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(path.join(source, name)));
  const name = platform() === 'win32' ? 'bao.exe' : 'bao';
  return path.join(cacheFolder(), 'openbao', hash.digest('hex').slice(0, 16), name);
}

function hasGo() {
  return spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;
}

/** @returns {{ program: string } | { why: string }} the program, or why tests that need it are not run */
export function findOpenbao() {
  const program = openbaoProgram();
  if (existsSync(program)) return { program };
  return { why: hasGo() ? 'OpenBao is not built yet: npm run openbao' : 'OpenBao needs Go to be built' };
}

/**
 * Builds the program unless it is there: 4 to 8 minutes on two cores when Go has nothing of it yet.
 * @returns {Promise<string>} its path
 * @throws {StepError}
 */
export async function buildOpenbao() {
  const program = openbaoProgram();
  if (existsSync(program)) return program;
  if (!hasGo()) {
    throw new StepError({
      what: 'OpenBao was not built.',
      why: 'there is no Go here',
      todo: 'install Go 1.24.6 or newer and run `npm run openbao` again; without it the tests that need OpenBao are not run',
    });
  }
  const folder = path.dirname(path.dirname(program));
  // As root the tests' servers may run as another user.
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const work = mkdtempSync(path.join(folder, '.work-'));
  try {
    const made = path.join(work, path.basename(program));
    const args = ['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', made, '.'];
    const code = await run('go', args, { cwd: source, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' } });
    if (code !== 0) {
      throw new StepError({
        what: 'OpenBao was not built.',
        why: `go build ended with code ${code}; its own words are above`,
        todo: 'check that the module proxy is reachable and the disk has 3 GB free, then run `npm run openbao` again',
      });
    }
    mkdirSync(path.dirname(program), { recursive: true, mode: 0o755 });
    renameSync(made, program);
    return program;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
