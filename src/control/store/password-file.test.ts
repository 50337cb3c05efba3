import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { findPassword, passwordIn } from './password-file.ts';

const wanted = { host: 'db.example.org', port: 5432, database: 'sallyport', user: 'sallyport' };

it.each([
  ['db.example.org:5432:sallyport:sallyport:plain', 'plain'],
  ['*:*:*:sallyport:any', 'any'],
  ['# db.example.org:5432:sallyport:sallyport:comment\n\n*:*:*:*:second', 'second'],
  ['*:*:*:sallyport:with\\:colon\\\\and\\backslash', 'with:colon\\andbackslash'],
  ['*:5433:*:sallyport:other-port', null],
  ['*:*:*:other:other-user', null],
  ['', null],
])('finds the password in %j', (text, password) => {
  expect(passwordIn(text, wanted)).toBe(password);
});

it('takes a socket for localhost', () => {
  expect(passwordIn('localhost:*:*:*:here', { ...wanted, host: '/var/run/postgresql' })).toBe('here');
});

it('refuses a file that others may read, and a named one that is not there', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-pgpass-'));
  try {
    const file = path.join(folder, 'pgpass');
    writeFileSync(file, '*:*:*:*:secret\n', { mode: 0o644 });
    await expect(findPassword(wanted, { PGPASSFILE: file })).rejects.toThrow(/open to others.*chmod 0600/);
    await expect(findPassword(wanted, { PGPASSFILE: `${file}.none` })).rejects.toThrow(/cannot be read/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
