import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unzip } from './unzip.mjs';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-unzip-'));
  mkdirSync(path.join(folder, 'in/top/deep'), { recursive: true });
  writeFileSync(path.join(folder, 'in/top/program'), 'run '.repeat(1000), { mode: 0o755 });
  writeFileSync(path.join(folder, 'in/top/deep/text'), 'text', { mode: 0o644 });
  execFileSync('python3', ['-m', 'zipfile', '-c', '../a.zip', 'top'], { cwd: path.join(folder, 'in') });
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('takes the chosen entries, with their contents and whether they run', () => {
  const out = path.join(folder, 'out');
  expect(unzip(path.join(folder, 'a.zip'), out, (name) => name.replace('top/', ''))).toBe(2);
  expect(readFileSync(path.join(out, 'program'), 'utf8')).toBe('run '.repeat(1000));
  expect(statSync(path.join(out, 'program')).mode & 0o777).toBe(0o755);
  expect(statSync(path.join(out, 'deep/text')).mode & 0o777).toBe(0o644);
  expect(unzip(path.join(folder, 'a.zip'), out, (name) => (name.endsWith('text') ? 'other' : undefined))).toBe(1);
});

test('refuses a path that leaves the folder, and what is not an archive', () => {
  const out = path.join(folder, 'out');
  expect(() => unzip(path.join(folder, 'a.zip'), out, (name) => `../${name}`)).toThrow('would leave the folder');
  expect(() => unzip(path.join(folder, 'in/top/program'), out, (name) => name)).toThrow('not a zip archive');
  const whole = readFileSync(path.join(folder, 'a.zip'));
  writeFileSync(path.join(folder, 'cut.zip'), whole.subarray(20));
  expect(() => unzip(path.join(folder, 'cut.zip'), out, (name) => name)).toThrow();
});
