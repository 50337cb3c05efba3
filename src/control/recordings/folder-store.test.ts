import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolderStore } from './folder-store.ts';
import type { ObjectStore } from './object-store.ts';

const session = '6a2f41b8-7f4e-4a54-9d62-0f3b8a4fd001';
let root: string;
let store: ObjectStore;
beforeEach(() => {
  root = path.join(mkdtempSync(path.join(tmpdir(), 'sallyport-store-')), 'recordings');
  store = makeFolderStore(root);
});
afterEach(() => rmSync(path.dirname(root), { recursive: true, force: true }));

describe('the folder store', () => {
  it('stores under a free key once, whoever is first, and leaves nothing else behind', async () => {
    const tries = await Promise.all(
      Array.from({ length: 20 }, (_, index) => store.putIfAbsent(`${session}/a`, Buffer.from([index]))),
    );
    expect(tries.filter(Boolean)).toHaveLength(1);
    expect(await store.get(`${session}/a`)).toEqual(Buffer.from([tries.indexOf(true)]));
    expect(readdirSync(path.join(root, session))).toEqual(['a']);
    expect(statSync(path.join(root, session)).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(root, session, 'a')).mode & 0o777).toBe(0o600);
  });

  it('replaces where it is asked to, and lists what is there', async () => {
    await store.replace(`${session}/m`, Buffer.from('one'));
    await store.replace(`${session}/m`, Buffer.from('three'));
    writeFileSync(path.join(root, session, '.new-left-by-a-crash'), 'x');
    expect(await store.list(`${session}/`)).toEqual([{ key: `${session}/m`, bytes: 5 }]);
    expect(await store.list('6a2f41b8-7f4e-4a54-9d62-0f3b8a4fd002/')).toEqual([]);
    expect(await store.get(`${session}/nothing`)).toBeNull();
  });

  it.each([
    '../x',
    `${session}/../../x`,
    `${session}/.hidden`,
    `${session}/a/b`,
    `/${session}/a`,
    'a/b',
    `${session}/A`,
    `${session}/a\0`,
  ])('does not take the key %j', async (key) => {
    await expect(store.putIfAbsent(key, Buffer.from('x'))).rejects.toMatchObject({ code: 'SP-5001' });
    await expect(store.get(key)).rejects.toMatchObject({ code: 'SP-5001' });
  });
});
