import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultSettings, SettingsStore } from './settings.ts';

test('what is set is there after a restart; what is wrong falls back, one value at a time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  const path = join(folder, 'settings.json');
  const told: unknown[] = [];
  const store = () => new SettingsStore({ path, onChange: (settings) => told.push(settings) });
  expect(await store().load()).toEqual(defaultSettings);
  const first = store();
  await first.load();
  await Promise.all([first.set({ theme: 'light' }), first.set({ fontSize: 18 })]);
  expect(await store().load()).toEqual({ ...defaultSettings, theme: 'light', fontSize: 18 });
  expect(told.at(-1)).toEqual({ ...defaultSettings, theme: 'light', fontSize: 18 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, JSON.stringify({ theme: 'pink', fontSize: 20, stranger: true }));
  expect(await store().load()).toEqual({ ...defaultSettings, fontSize: 20 });
  writeFileSync(path, '[]');
  expect(await store().load()).toEqual(defaultSettings);
  rmSync(folder, { recursive: true });
});
