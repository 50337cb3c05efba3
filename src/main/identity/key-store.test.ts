import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { exportDeviceKey, makeDeviceKey } from './device-key.ts';
import { choosePlace, type Keyring, KeyStore } from './key-store.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'key-store-'));
  folders.push(folder);
  return folder;
}

function makeKeyring(real: boolean): Keyring {
  const flip = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x5a);
  return {
    isReal: () => real,
    encrypt: (text) => flip(Buffer.from(text)),
    decrypt: (bytes) => Buffer.from(flip(bytes)).toString(),
  };
}

test.each([
  [true, 'keyring', 'keyring'],
  [true, 'file', 'keyring'],
  [false, 'keyring', 'memory'],
  [false, 'file', 'file'],
] as const)('keyring real: %s, policy: %s -> %s', (keyringIsReal, policy, expected) => {
  expect(choosePlace({ keyringIsReal, policy })).toBe(expected);
});

test('with a keyring the key comes back, and no file holds it in clear', async () => {
  const folder = makeFolder();
  const store = new KeyStore({ folder, keyring: makeKeyring(true) });
  const key = makeDeviceKey();
  expect(await store.keep(key, 'file')).toBe('keyring');
  expect((await store.load())?.key.line).toBe(key.line);
  const secret = exportDeviceKey(key).split('\n')[1]!;
  for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name), 'latin1')).not.toContain(secret);
});

test('security 3: without a keyring nothing is written', async () => {
  const folder = makeFolder();
  const store = new KeyStore({ folder, keyring: makeKeyring(false) });
  expect(await store.keep(makeDeviceKey(), 'keyring')).toBe('memory');
  expect(readdirSync(folder)).toEqual([]);
  expect(await store.load()).toBeNull();
});

test('by policy a 0600 file; a looser one or a broken one is not taken', async () => {
  const folder = makeFolder();
  const store = new KeyStore({ folder, keyring: makeKeyring(false) });
  const key = makeDeviceKey();
  expect(await store.keep(key, 'file')).toBe('file');
  const path = join(folder, 'device-key.pem');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await store.load()).toMatchObject({ place: 'file', key: { line: key.line } });
  chmodSync(path, 0o640);
  expect(await store.load()).toBeNull();
  chmodSync(path, 0o600);
  writeFileSync(path, 'not a key');
  expect(await store.load()).toBeNull();
  await store.forget();
  expect(readdirSync(folder)).toEqual([]);
});
