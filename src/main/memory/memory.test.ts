import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyMemory, type Memory } from '../../shared/protocol/ipc.ts';
import { MemoryStore, targetsRemembered } from './memory.ts';

let folder: string;
let path: string;
let told: Memory[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'));
  path = join(folder, 'memory.json');
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeStore(): MemoryStore {
  return new MemoryStore({ path, onChange: (memory) => told.push(memory) });
}

test('what is remembered is there after a restart; what is wrong is empty again, one value at a time', async () => {
  const store = makeStore();
  expect(await store.load()).toEqual(emptyMemory);
  await Promise.all([store.set({ favourites: ['b', 'a'] }), store.set({ colours: { a: 'moss' } })]);
  expect(told.at(-1)).toEqual({ ...emptyMemory, favourites: ['b', 'a'], colours: { a: 'moss' } });
  expect(await makeStore().load()).toEqual(told.at(-1));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const searches = ['systemctl restart'];
  writeFileSync(path, JSON.stringify({ favourites: 'a', colours: { a: 'red' }, searches, stranger: 1 }));
  expect(await makeStore().load()).toEqual({ ...emptyMemory, searches });
  writeFileSync(path, '{');
  expect(await makeStore().load()).toEqual(emptyMemory);
});

test('it stays bounded: the targets that were set last are kept, more of anything else is refused', async () => {
  const colours = Object.fromEntries(
    Array.from({ length: targetsRemembered + 5 }, (_, i) => [`t${i}`, 'sea' as const]),
  );
  const store = makeStore();
  const kept = await store.set({ colours });
  expect(Object.keys(kept.colours)).toHaveLength(targetsRemembered);
  expect(kept.colours).toHaveProperty(`t${targetsRemembered + 4}`);
  await expect(store.set({ searches: Array.from({ length: 21 }, String) })).rejects.toThrow();
  await expect(store.set({ layout: 'x'.repeat(200_001) })).rejects.toThrow();
  expect(store.get()).toEqual(kept);
});
