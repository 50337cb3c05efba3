import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { openDatabaseVault } from '../../../src/control/broker/vault/database-vault.ts';
import { type RunningServer, startServer } from '../../../src/control/server.ts';
import type { Writer } from '../../../src/control/store/database.ts';
import { openDatabase } from '../../../src/control/store/open-database.ts';
import { getOrMake } from '../../../src/control/vault.ts';
import { administer } from '../../harness/postgres.ts';
import { makePostgresDatabase } from '../../harness/test-database.ts';

let folder: string;
let keyFile: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-several-'));
  keyFile = path.join(folder, 'vault.key');
  writeFileSync(keyFile, randomBytes(32), { mode: 0o600 });
});
afterAll(() => {
  delete process.env.SALLYPORT_VAULT_KEY_FILE;
  rmSync(folder, { recursive: true, force: true });
});

const start = (name: string, database: string): Promise<RunningServer> =>
  startServer({ data: path.join(folder, name), listen: '127.0.0.1:0', database, logLevel: 'silent' });

it('servers that start together on an empty database make one organisation: keys, authorities, tables', async () => {
  const { port, passwordFile } = inject('postgres');
  const store = await makePostgresDatabase();
  const name = `empty_${randomBytes(4).toString('hex')}`;
  await administer({ port, passwordFile }, `create database ${name}`);
  process.env.SALLYPORT_VAULT_KEY_FILE = keyFile;
  const database = store.database.replace(/[^/]+$/, name);
  const started = await Promise.allSettled(['a', 'b', 'c'].map((each) => start(each, database)));
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    expect(started.map((each) => (each.status === 'rejected' ? String(each.reason) : 'started'))).toEqual([
      'started',
      'started',
      'started',
    ]);
    for (const fact of [
      (server: RunningServer) => server.trustRoot,
      (server: RunningServer) => server.context.signer.publicKey,
      (server: RunningServer) => server.context.services.broker.authority,
    ])
      expect(new Set(servers.map(fact)).size).toBe(1);
    const [first, second] = servers;
    const invite = await first?.context.invites.create({ userId: 'x', createdBy: 'x', now: new Date() }).catch(String);
    // Nobody has that id: the foreign key of the one database says so in either process.
    expect(invite).toMatch(/foreign key/);
    expect(await second?.context.vault.list('')).toEqual(await first?.context.vault.list(''));
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    await store.drop();
  }
});

it('a server with another master key, or with none, does not start, and says what to do', async () => {
  const store = await makePostgresDatabase();
  try {
    process.env.SALLYPORT_VAULT_KEY_FILE = keyFile;
    const server = await start('d', store.database);
    await server.close();
    delete process.env.SALLYPORT_VAULT_KEY_FILE;
    const refused = (words: RegExp) =>
      expect.objectContaining({ code: 'SP-5006', message: expect.stringMatching(words) });
    await expect(start('e', store.database)).rejects.toEqual(refused(/key that this server does not have.*_KEY_FILE/));
    const other = path.join(folder, 'other.key');
    writeFileSync(other, randomBytes(32), { mode: 0o600 });
    process.env.SALLYPORT_VAULT_KEY_FILE = other;
    await expect(start('e', store.database)).rejects.toEqual(refused(/does not open with this server's master key/));
    process.env.SALLYPORT_VAULT_KEY_FILE = keyFile;
    const again = await start('e', store.database);
    await again.close();
  } finally {
    await store.drop();
  }
});

it('the vault in the database keeps boxes alone, each bound to its name, and adds once', async () => {
  const store = await makePostgresDatabase();
  const open = (): Promise<Writer> =>
    openDatabase({ database: { kind: 'postgres', url: store.database }, dataFolder: folder });
  const [writer, otherWriter] = await Promise.all([open(), open()]);
  try {
    const options = { dataFolder: folder, clock: { now: () => new Date() }, environment: {} };
    const vault = await openDatabaseVault({ ...options, writer });
    const other = await openDatabaseVault({ ...options, writer: otherWriter });
    const vaults = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? vault : other));
    const answers = await Promise.all(vaults.map((each) => getOrMake(each, 'server/key', () => randomBytes(32))));
    expect(new Set(answers.map((bytes) => bytes.toString('hex'))).size).toBe(1);

    await vault.put('passwords/web-01/root', Buffer.from('canary-secret'));
    expect((await other.get('passwords/web-01/root'))?.toString()).toBe('canary-secret');
    expect(await other.list('passwords/')).toEqual(['passwords/web-01/root']);
    expect(await other.has('passwords/web-01/root')).toBe(true);
    const rows = await writer.selectFrom('vault_entries').selectAll().execute();
    expect(rows.some((row) => Buffer.from(row.sealed).includes('canary'))).toBe(false);

    const sealed = rows.find((row) => row.name === 'passwords/web-01/root')?.sealed ?? new Uint8Array();
    await writer.insertInto('vault_entries').values({ name: 'moved', sealed, updated_at: new Date() }).execute();
    await expect(vault.get('moved')).rejects.toMatchObject({ code: 'SP-5006' });

    expect(await other.remove('passwords/web-01/root')).toBe(true);
    expect(await vault.remove('passwords/web-01/root')).toBe(false);
    expect(await vault.get('passwords/web-01/root')).toBeNull();
    expect(await vault.has('passwords/web-01/root')).toBe(false);
  } finally {
    await Promise.all([writer.destroy(), otherWriter.destroy()]);
    await store.drop();
  }
});
