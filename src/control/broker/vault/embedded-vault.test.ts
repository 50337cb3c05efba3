import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getOrMake } from '../../vault.ts';
import { openEmbeddedVault } from './embedded-vault.ts';
import { deriveKey, sealBox } from './sealing.ts';
import { openWrapping } from './wrapping.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-vault-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (environment: NodeJS.ProcessEnv = {}) => openEmbeddedVault({ dataFolder: folder, environment });
const refusedWith = (words: RegExp) =>
  expect.objectContaining({ code: 'SP-5006', message: expect.stringMatching(words) });

describe('the embedded vault', () => {
  it('keeps secrets over a restart, closed to others, and shows none of them on disk', async () => {
    const vault = await open();
    await Promise.all([vault.put('one', Buffer.from('canary-secret')), vault.put('two', Buffer.from([0, 255]))]);
    await vault.put('one', Buffer.from('canary-secret-2'));
    const again = await open();
    expect((await again.get('one'))?.toString()).toBe('canary-secret-2');
    expect(await again.get('two')).toEqual(Buffer.from([0, 255]));
    expect(await again.get('toString')).toBeNull();
    for (const name of ['vault', 'vault.key']) expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
    expect(readFileSync(path.join(folder, 'vault')).includes('canary')).toBe(false);
  });

  it.each([0o604, 0o640, 0o660, 0o620])('refuses a master key of mode %o, in words', async (mode) => {
    await (await open()).put('a', Buffer.from('b'));
    chmodSync(path.join(folder, 'vault.key'), mode);
    await expect(open()).rejects.toEqual(refusedWith(/others may read or change it .*chmod 0600/));
  });

  it('refuses a vault file that is open to others', async () => {
    await (await open()).put('a', Buffer.from('b'));
    chmodSync(path.join(folder, 'vault'), 0o644);
    await expect(open()).rejects.toEqual(refusedWith(/open to others/));
  });

  it.runIf(process.getuid?.() === 0)('refuses a master key of another owner', async () => {
    await (await open()).put('a', Buffer.from('b'));
    const { chownSync } = await import('node:fs');
    chownSync(path.join(folder, 'vault.key'), 65_534, 65_534);
    await expect(open()).rejects.toEqual(refusedWith(/belongs to user 65534/));
  });

  it('refuses a link in the place of the key', async () => {
    await (await open()).put('a', Buffer.from('b'));
    renameSync(path.join(folder, 'vault.key'), path.join(folder, 'elsewhere'));
    symlinkSync(path.join(folder, 'elsewhere'), path.join(folder, 'vault.key'));
    await expect(open()).rejects.toEqual(refusedWith(/symbolic link/));
  });

  it('makes no new key beside an old vault', async () => {
    await (await open()).put('a', Buffer.from('b'));
    rmSync(path.join(folder, 'vault.key'));
    await expect(open()).rejects.toEqual(refusedWith(/file is gone/));
  });

  it('does not open with another key, or when a byte is changed', async () => {
    await (await open()).put('a', Buffer.from('b'));
    const file = path.join(folder, 'vault');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    await expect(open()).rejects.toEqual(refusedWith(/does not open/));
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    writeFileSync(path.join(folder, 'vault.key'), Buffer.alloc(32, 7));
    await expect(open()).rejects.toEqual(refusedWith(/does not open/));
  });

  it('takes its master key from the secret mount, and then keeps none of its own', async () => {
    const mount = mkdtempSync(path.join(tmpdir(), 'sallyport-mount-'));
    writeFileSync(path.join(mount, 'vault.key'), 'ab'.repeat(32), { mode: 0o400 });
    const environment = { CREDENTIALS_DIRECTORY: mount };
    await (await open(environment)).put('a', Buffer.from('b'));
    expect(() => statSync(path.join(folder, 'vault.key'))).toThrow();
    expect((await (await open({ SALLYPORT_VAULT_KEY_FILE: path.join(mount, 'vault.key') })).get('a'))?.toString()).toBe(
      'b',
    );
    await expect(open()).rejects.toEqual(refusedWith(/file is gone/));
    await expect(open({ SALLYPORT_VAULT_KEY_FILE: path.join(mount, 'nothing') })).rejects.toEqual(
      refusedWith(/is not there/),
    );
    rmSync(mount, { recursive: true });
  });
});

describe('entries', () => {
  it('are added once: whoever comes later, or at the same time, gets the first', async () => {
    const vault = await open();
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => vault.add('server/key', Buffer.from(text))));
    expect(answers.map(String)).toEqual(['a', 'a', 'a']);
    expect((await (await open()).get('server/key'))?.toString()).toBe('a');
    let made = 0;
    const make = () => Buffer.from(`made ${++made}`);
    const both = await Promise.all([getOrMake(vault, 'new', make), getOrMake(vault, 'new', make)]);
    expect(both[0]).toEqual(both[1]);
  });

  it('are removed for good, and listed by the beginning of their names', async () => {
    const vault = await open();
    for (const name of ['passwords/web-01/root', 'passwords/web-01/a%2Fb', 'passwords-x', 'server/key'])
      await vault.put(name, Buffer.from('x'));
    expect(await vault.list('passwords/')).toEqual(['passwords/web-01/a%2Fb', 'passwords/web-01/root']);
    expect(await vault.has('passwords/web-01/root')).toBe(true);
    expect(await vault.remove('passwords/web-01/root')).toBe(true);
    expect(await vault.remove('passwords/web-01/root')).toBe(false);
    const again = await open();
    expect(await again.get('passwords/web-01/root')).toBeNull();
    expect(await again.has('passwords/web-01/root')).toBe(false);
    expect(await again.has('toString')).toBe(false);
    expect(await again.list('')).toEqual(['passwords-x', 'passwords/web-01/a%2Fb', 'server/key']);
  });

  it.each(['', '/', 'a//b', '../a', 'a/.', 'a b', 'a/', 'ä', 'a\n'])('have no such name: %j', async (name) => {
    const vault = await open();
    await expect(vault.get(name)).rejects.toThrow(RangeError);
    await expect(vault.has(name)).rejects.toThrow(RangeError);
    await expect(vault.put(name, Buffer.from('x'))).rejects.toThrow(RangeError);
    await expect(vault.list(`${name}x`)).rejects.toThrow(RangeError);
  });

  it('of a vault of version 0 open, and are rewritten with the next change', async () => {
    const master = Buffer.alloc(32, 5);
    const magic = 'sallyport vault, version 0\n';
    const content = JSON.stringify({ old: Buffer.from('kept').toString('base64') });
    writeFileSync(path.join(folder, 'vault.key'), master, { mode: 0o600 });
    const box = sealBox(deriveKey(master, 'file'), magic, Buffer.from(content));
    writeFileSync(path.join(folder, 'vault'), Buffer.concat([Buffer.from(magic), box]), { mode: 0o600 });
    const vault = await open();
    expect((await vault.get('old'))?.toString()).toBe('kept');
    await vault.put('new', Buffer.from('x'));
    expect(readFileSync(path.join(folder, 'vault')).toString('latin1')).toMatch(/^sallyport vault, version 1\n/);
    expect((await (await open()).get('old'))?.toString()).toBe('kept');
  });
});

describe('wrapping', () => {
  it('opens under its own context only, and survives a restart', async () => {
    const wrapped = (await openWrapping(await open())).wrap('session 1 output', Buffer.from('AGE-SECRET'));
    const wrapping = await openWrapping(await open());
    expect(wrapping.unwrap('session 1 output', wrapped).toString()).toBe('AGE-SECRET');
    expect(() => wrapping.unwrap('session 1 input', wrapped)).toThrow(refusedWith(/does not open/) as never);
    expect(() => wrapping.unwrap('session 1 output', `${wrapped.slice(0, -4)}AAAA`)).toThrow();
  });
});
