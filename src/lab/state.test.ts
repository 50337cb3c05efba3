import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLab } from './state.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a lab that another process runs is refused until that one gives it back', () => {
  const file = path.join(folder, 'running.json');
  const giveBack = takeLab(file, process.ppid);
  expect(() => takeLab(file)).toThrow(new RegExp(`runs already \\(process ${process.ppid}\\)`));
  giveBack();
  takeLab(file)();
  expect(existsSync(file)).toBe(false);
});

test('what a dead process left, half a file, and a number that now belongs to another process do not count', () => {
  const file = path.join(folder, 'running.json');
  for (const left of [
    '{"pid":4194304,"started":"1"}',
    '{"pid":',
    '',
    JSON.stringify({ pid: process.ppid, started: '1' }),
  ]) {
    writeFileSync(file, left);
    expect(() => takeLab(file)()).not.toThrow();
  }
});
