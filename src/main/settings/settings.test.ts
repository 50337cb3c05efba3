import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type AppState, defaultSettings, type Settings } from '../../shared/protocol/ipc.ts';
import { SettingsStore } from './settings.ts';

let folder: string;
let path: string;
let told: Settings[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'));
  path = join(folder, 'settings.json');
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function makeStore(fixed: AppState['fixed'] = null): SettingsStore {
  return new SettingsStore({ path, fixed, onChange: (settings) => told.push(settings) });
}

test('what is set is there after a restart; what is wrong falls back, one value at a time', async () => {
  expect(await makeStore().load()).toEqual(defaultSettings);
  const first = makeStore();
  await first.load();
  await Promise.all([first.set({ theme: 'light' }), first.set({ fontSize: 18 })]);
  expect(await makeStore().load()).toEqual({ ...defaultSettings, theme: 'light', fontSize: 18 });
  expect(told.at(-1)).toEqual({ ...defaultSettings, theme: 'light', fontSize: 18 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, JSON.stringify({ theme: 'pink', fontSize: 20, notify: { killed: 1 }, stranger: true }));
  expect(await makeStore().load()).toEqual({ ...defaultSettings, fontSize: 20 });
  writeFileSync(path, '[]');
  expect(await makeStore().load()).toEqual(defaultSettings);
});

test('what policy fixes stands over the person’s own and is refused in words, naming who fixed it', async () => {
  writeFileSync(path, JSON.stringify({ pasteGuard: 'never', fontSize: 20 }));
  const store = makeStore({ by: 'IT operations, Norrland', settings: { pasteGuard: 'always', copyOnSelect: false } });
  expect(await store.load()).toEqual({ ...defaultSettings, pasteGuard: 'always', fontSize: 20 });
  await expect(store.set({ fontSize: 15, pasteGuard: 'never' })).rejects.toMatchObject({
    code: 'SP-5003',
    message:
      'The question before a paste of several lines is fixed on this device by IT operations, Norrland. Ask them if it must change.',
  });
  // Nothing of a refused change holds, and nobody hears of it.
  expect(store.get()).toEqual({ ...defaultSettings, pasteGuard: 'always', fontSize: 20 });
  expect(told).toEqual([]);
});

test('a fixed value sent along unchanged is no try; the person’s own comes back when policy lets go', async () => {
  writeFileSync(path, JSON.stringify({ pasteGuard: 'never' }));
  const store = makeStore({ by: 'IT', settings: { pasteGuard: 'always' } });
  const loaded = await store.load();
  expect(await store.set({ ...loaded, theme: 'dark' })).toEqual({
    ...defaultSettings,
    pasteGuard: 'always',
    theme: 'dark',
  });
  expect(told.at(-1)?.pasteGuard).toBe('always');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pasteGuard: 'never', theme: 'dark' });
  expect(await makeStore().load()).toMatchObject({ pasteGuard: 'never', theme: 'dark' });
});
