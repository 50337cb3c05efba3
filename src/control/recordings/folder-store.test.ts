import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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
    writeFileSync(path.join(root, session, '.hidden'), 'x');
    expect(await store.list(`${session}/`)).toEqual([{ key: `${session}/m`, bytes: 5 }]);
    expect(await store.list('6a2f41b8-7f4e-4a54-9d62-0f3b8a4fd002/')).toEqual([]);
    expect(await store.get(`${session}/nothing`)).toBeNull();
  });

  it('leaves to others, in a folder that it shares, what they are still taking in', () => {
    const incoming = path.join(root, '.incoming');
    mkdirSync(incoming, { recursive: true });
    for (const name of ['fresh', 'forgotten']) writeFileSync(path.join(incoming, name), 'x');
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    utimesSync(path.join(incoming, 'forgotten'), twoDaysAgo, twoDaysAgo);
    makeFolderStore(root, true);
    expect(readdirSync(incoming)).toEqual(['fresh']);
    makeFolderStore(root);
    expect(readdirSync(root)).toEqual([]);
  });

  it('takes in a stream, keeps it once, and leaves nothing of what it does not keep', async () => {
    const incoming = path.join(root, '.incoming');
    async function* parts(...chunks: string[]) {
      for (const chunk of chunks) yield Buffer.from(chunk);
    }
    async function* broken() {
      yield Buffer.from('a');
      throw new Error('the line broke');
    }
    const first = await store.receive(parts('ab', 'c'), 3);
    expect(first).toMatchObject({
      bytes: 3,
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
    expect(await first.keepAs(`${session}/journal`)).toBe(true);
    expect(await (await store.receive(parts('other'), 10)).keepAs(`${session}/journal`)).toBe(false);
    const found = await store.open(`${session}/journal`);
    expect([found?.bytes, String((await found?.stream.toArray())?.[0])]).toEqual([3, 'abc']);
    await (await store.receive(parts('x'), 10)).discard();
    await expect(store.receive(parts('abc', 'd'), 3)).rejects.toMatchObject({ code: 'SP-5005' });
    await expect(store.receive(broken(), 3)).rejects.toThrow('the line broke');
    expect(await store.open(`${session}/nothing`)).toBeNull();
    expect(readdirSync(incoming)).toEqual([]);
  });

  it('leaves nothing behind when a file cannot be put in its place, and removes what a crash left', async () => {
    // A folder where the file should go: neither a rename nor a link replaces it.
    mkdirSync(path.join(root, session, 'm', 'x'), { recursive: true });
    await expect(store.replace(`${session}/m`, Buffer.from('one'))).rejects.toMatchObject({ code: 'SP-5010' });
    expect(await store.putIfAbsent(`${session}/m`, Buffer.from('one'))).toBe(false);
    const incoming = path.join(root, '.incoming');
    expect(readdirSync(incoming)).toEqual([]);
    writeFileSync(path.join(incoming, 'left'), 'x');
    makeFolderStore(root);
    expect(readdirSync(root)).toEqual([session]);
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
