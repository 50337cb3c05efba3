import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inRoot } from './paths.mjs';

let folder = '';

// The lock belongs to a checkout, so the tests use a checkout of their own.
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-lock-'));
  mkdirSync(path.join(folder, 'scripts/lib'), { recursive: true });
  for (const name of ['lock.mjs', 'paths.mjs', 'say.mjs']) {
    cpSync(inRoot('scripts/lib', name), path.join(folder, 'scripts/lib', name));
  }
  writeFileSync(
    path.join(folder, 'work.mjs'),
    `import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { locked } from './scripts/lib/lock.mjs';
await locked(async () => {
  appendFileSync('log', 'in ');
  await delay(150);
  await locked(async () => appendFileSync('log', 'out '));
});`,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function work() {
  const env = { ...process.env, SALLYPORT_SETUP_LOCK: '' };
  const child = spawn(process.execPath, ['work.mjs'], { cwd: folder, env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  return code;
}

test('two set-ups of a checkout take turns; a holder may go in again', async () => {
  expect(await Promise.all([work(), work()])).toEqual([0, 0]);
  expect(readFileSync(path.join(folder, 'log'), 'utf8')).toBe('in out in out ');
});

test('a lock that a dead process left is cleared away', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  writeFileSync(path.join(folder, '.setup.lock'), String(child.pid));
  expect(await work()).toBe(0);
  expect(() => readFileSync(path.join(folder, '.setup.lock'))).toThrow('ENOENT');
});
