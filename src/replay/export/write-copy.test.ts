import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeCopy } from './write-copy.ts';

const folder = mkdtempSync(join(tmpdir(), 'copy-'));

async function* lines(count: number, fails = false) {
  for (let at = 0; at < count; at += 1) yield `line ${at}\n`;
  if (fails) throw new Error('no more');
}

it('has its name when it is whole, and its owner alone may read it', async () => {
  const path = join(folder, 'whole.txt');
  writeFileSync(path, 'what was there');
  const bytes = await writeCopy({ path, part: `${path}.part` }, lines(20_000));
  expect(bytes).toBe(statSync(path).size);
  expect(readFileSync(path, 'utf8').endsWith('line 19999\n')).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('leaves what was there, and nothing else, when what it is made of ends early', async () => {
  const path = join(folder, 'kept.txt');
  writeFileSync(path, 'what was there');
  await expect(writeCopy({ path, part: `${path}.part` }, lines(20_000, true))).rejects.toThrow('no more');
  expect(readFileSync(path, 'utf8')).toBe('what was there');
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
});

it.each([
  ['nowhere/copy.txt', 'the folder is not there any more'],
  [`${'x'.repeat(300)}.txt`, 'the name is too long'],
])('says why it cannot be written: %s', async (name, why) => {
  const path = join(folder, name);
  const written = writeCopy({ path, part: `${path}.part` }, lines(1));
  await expect(written).rejects.toMatchObject({ code: 'SP-3040', message: expect.stringContaining(why) });
});
