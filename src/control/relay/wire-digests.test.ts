import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeWireDigests, NotOnDisk } from './wire-digests.ts';

const digests = makeWireDigests();
afterAll(() => digests.close());
const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-digests-'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

it('names what a growing file begins with, however it grew', async () => {
  const file = path.join(folder, 'wire');
  const content = randomBytes(3_000_000);
  writeFileSync(file, content.subarray(0, 1000));
  expect(await digests.digests([{ path: file, bytes: 1000 }], false)).toEqual([sha256(content.subarray(0, 1000))]);
  expect(await digests.digests([{ path: file, bytes: 1000 }], false)).toEqual([sha256(content.subarray(0, 1000))]);
  appendFileSync(file, content.subarray(1000));
  // Asked for less than is there: what came since is no part of it.
  const asked = [{ path: file, bytes: 2_500_000 }];
  expect(await digests.digests(asked, false)).toEqual([sha256(content.subarray(0, 2_500_000))]);
  expect(await digests.digests([{ path: file, bytes: content.length }], true)).toEqual([sha256(content)]);
});

it('says when the disk does not have what was written', async () => {
  const file = path.join(folder, 'short');
  writeFileSync(file, 'abc');
  truncateSync(file, 2);
  await expect(digests.digests([{ path: file, bytes: 3 }], true)).rejects.toBeInstanceOf(NotOnDisk);
  await expect(digests.digests([{ path: `${file}-none`, bytes: 0 }], true)).rejects.toBeInstanceOf(NotOnDisk);
});
