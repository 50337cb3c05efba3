import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeConfig } from '../../../src/control/config/config.ts';
import { openTls } from '../../../src/control/config/tls.ts';
import { startServer } from '../../../src/control/server.ts';
import { openDatabase } from '../../../src/control/store/open-database.ts';
import { postgresSettings } from '../../../src/control/store/postgres.ts';
import { administer, type Cluster, startCluster } from '../../harness/postgres.ts';
import { makePostgresDatabase, type TestDatabase } from '../../harness/test-database.ts';

let folder: string;
let store: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-pg-start-'));
  store = await makePostgresDatabase();
});
afterAll(async () => {
  await store.drop();
  rmSync(folder, { recursive: true, force: true });
});
const kept = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('PG')) delete process.env[name];
  for (const [name, value] of Object.entries(kept)) if (name.startsWith('PG')) process.env[name] = value;
  process.env.PGPASSFILE = inject('postgres').passwordFile;
});

let count = 0;
const start = (database: string) => {
  count += 1;
  return startServer({ data: path.join(folder, String(count)), listen: '127.0.0.1:0', database, logLevel: 'silent' });
};
const refused = (code: string, words: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(words) });
const elsewhere = (change: Partial<URL>): string => Object.assign(new URL(store.database), change).href;

describe('serve --database postgres', () => {
  it('finds the database in the environment alone', async () => {
    const url = new URL(store.database);
    process.env.PGHOST = url.hostname;
    process.env.PGPORT = url.port;
    process.env.PGUSER = url.username;
    process.env.PGDATABASE = url.pathname.slice(1);
    const server = await start('postgres');
    expect((await server.context.reader.selectFrom('audit_events').select('event').execute())[0]?.event).toBe(
      'server.started',
    );
    await server.close();
  });

  it.each([
    ['a password in the address', () => elsewhere({ password: 'canary' }), /no password/],
    ['options in the address', () => elsewhere({ search: 'sslmode=disable' }), /no options/],
    ['another kind of address', () => 'mysql://canary@host/db', /neither "folder"/],
  ])('refuses %s without repeating it', async (_name, database, words) => {
    const failure = await start(database()).catch((error: Error) => error);
    expect(failure).toEqual(refused('SP-5001', words));
    expect(String(failure)).not.toContain('canary');
  });

  it('refuses a password in the environment', async () => {
    process.env.PGPASSWORD = 'canary';
    const failure = await start(store.database).catch((error: Error) => error);
    expect(failure).toEqual(refused('SP-5001', /PGPASSFILE.*unset PGPASSWORD/));
    expect(String(failure)).not.toContain('canary');
  });

  it.each([
    ['nobody who answers', { port: '1' }, /does not answer \(ECONNREFUSED\).*PGPORT/],
    ['a database that is not there', { pathname: '/none' }, /no such database. Create it/],
    ['another user', { username: 'stranger' }, /does not accept the user or the password/],
  ])('says what to do about %s', async (_name, change, words) => {
    await expect(start(elsewhere(change))).rejects.toEqual(refused('SP-5010', words));
  });

  it('says so when the password is wrong, or its file is open to others', async () => {
    const { port, passwordFile } = inject('postgres');
    const own = path.join(folder, 'pgpass');
    writeFileSync(own, `*:${port}:*:*:wrong\n`, { mode: 0o600 });
    process.env.PGPASSFILE = own;
    await expect(start(store.database)).rejects.toEqual(refused('SP-5010', /does not accept the user or the password/));
    copyFileSync(passwordFile, own);
    chmodSync(own, 0o640);
    await expect(start(store.database)).rejects.toEqual(refused('SP-5010', /open to others.*chmod 0600/));
  });

  it('says so when the user may not make tables there', async () => {
    const { port, passwordFile } = inject('postgres');
    const name = new URL(store.database).pathname.slice(1);
    await administer({ port, passwordFile }, `create role guest_${name} login password 'guest'`);
    const own = path.join(folder, 'guest');
    writeFileSync(own, `*:*:*:*:guest\n`, { mode: 0o600 });
    await administer({ port, passwordFile }, `create database guest_${name}`);
    process.env.PGPASSFILE = own;
    await expect(start(elsewhere({ username: `guest_${name}`, pathname: `/guest_${name}` }))).rejects.toEqual(
      refused('SP-5010', /may not do this there. Make it the owner/),
    );
    await administer({ port, passwordFile }, `drop database guest_${name} with (force)`);
    await administer({ port, passwordFile }, `drop role guest_${name}`);
  });

  it('refuses an old PostgreSQL, and an encoding that cannot hold every name', async () => {
    const { port, passwordFile } = inject('postgres');
    const name = new URL(store.database).pathname.slice(1);
    const place = { port, passwordFile };
    await administer(place, `create database old_${name}`);
    // What the server asks for its version is answered by this function, as an old one would.
    await administer(
      place,
      "create function public.current_setting(text) returns text language sql as $$ select case $1 when 'server_version_num' then '140012' else 'UTF8' end $$",
      `old_${name}`,
    );
    await administer(place, `alter database old_${name} set search_path = public, pg_catalog`);
    await expect(start(elsewhere({ pathname: `/old_${name}` }))).rejects.toEqual(
      refused('SP-5010', /it is PostgreSQL 14, and Sallyport needs 15 or newer/),
    );
    await administer(place, `drop database old_${name} with (force)`);
    await administer(place, `create database ascii_${name} template template0 encoding 'SQL_ASCII' locale 'C'`);
    await expect(start(elsewhere({ pathname: `/ascii_${name}` }))).rejects.toEqual(
      refused('SP-5010', /its encoding is SQL_ASCII/),
    );
    await administer(place, `drop database ascii_${name} with (force)`);
  });

  it('does not leave a database of its own behind in the data folder', async () => {
    const data = path.join(folder, 'embedded');
    mkdirSync(path.join(data, 'pglite'), { recursive: true });
    await expect(
      startServer({ data, listen: '127.0.0.1:0', database: store.database, logLevel: 'silent' }),
    ).rejects.toEqual(refused('SP-5010', /has a database of its own.*Nothing was changed/));
  });

  it('reads the types of columns as PGlite does', async () => {
    const database = await openDatabase({ database: { kind: 'postgres', url: store.database }, dataFolder: folder });
    try {
      const { rows } = await sql`
        select 7::bigint as small, 9007199254740993::bigint as large, 1.5::numeric as numeric, '{"a":[1]}'::jsonb as json,
          '\\x00ff'::bytea as bytes, timestamptz '2026-01-02T03:04:05.678Z' as at, 1.5::double precision as double
      `.execute(database);
      expect(rows).toEqual([
        {
          small: 7,
          large: 9_007_199_254_740_993n,
          numeric: '1.5',
          json: { a: [1] },
          bytes: Buffer.from([0, 255]),
          at: new Date('2026-01-02T03:04:05.678Z'),
          double: 1.5,
        },
      ]);
    } finally {
      await database.destroy();
    }
  });
});

describe('TLS to the database', () => {
  let cluster: Cluster;
  let authority: string;
  beforeAll(async () => {
    cluster = await startCluster();
    const tls = await openTls(makeConfig({ data: path.join(folder, 'tls'), listen: '127.0.0.1:0' }), new Date());
    authority = tls.caFile;
    await cluster.useTls(tls.chain, tls.key);
  });
  afterAll(() => cluster?.remove());
  const open = async (environment: NodeJS.ProcessEnv) => {
    Object.assign(process.env, { PGPASSFILE: cluster.passwordFile, ...environment });
    const database = await openDatabase({
      database: { kind: 'postgres', url: cluster.url('postgres') },
      dataFolder: folder,
    });
    const { rows } = await sql<{
      ssl: boolean;
    }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(database);
    await database.destroy();
    return rows[0]?.ssl;
  };

  it('is made and checked when PGSSLMODE and PGSSLROOTCERT say so', async () => {
    expect(await open({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: authority })).toBe(true);
  });

  it('refuses an authority that is not the given one, and a database without TLS', async () => {
    const words = /its TLS is not what was asked for/;
    await expect(open({ PGSSLMODE: 'verify-full' })).rejects.toEqual(refused('SP-5010', words));
    Object.assign(process.env, { PGSSLMODE: 'verify-full', PGSSLROOTCERT: authority });
    process.env.PGPASSFILE = inject('postgres').passwordFile;
    await expect(start(store.database)).rejects.toEqual(refused('SP-5010', words));
  });

  it.each(['require', 'prefer', 'allow', 'no-verify'])('is refused as %s, which does not check who answers', (mode) => {
    expect(() => postgresSettings({ kind: 'postgres', url: null }, { PGHOST: 'db', PGSSLMODE: mode })).toThrow(
      refused('SP-5001', /verify-full/) as never,
    );
  });

  it('is asked for by itself where the database is another machine', () => {
    const ssl = (host: string) => postgresSettings({ kind: 'postgres', url: null }, { PGHOST: host }).ssl;
    expect(ssl('db.example.org')).toMatchObject({ rejectUnauthorized: true });
    expect([ssl('127.0.0.1'), ssl('/var/run/postgresql')]).toEqual([false, false]);
  });
});
