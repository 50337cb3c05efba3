import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { migrations } from '../../src/control/store/migrations/index.ts';
import { openPool } from '../../src/control/store/postgres.ts';
import { verifyFolder } from '../../src/recording/verify/verify-folder.ts';
import { administer } from '../harness/postgres.ts';
import { isPostgresRun } from '../harness/test-database.ts';
import { type LocalRecording, putManifest, record, signManifest, upload } from './live-world/records.ts';
import { type Device, type Session, startWorld } from './live-world/world.ts';

/** The first schema that was released: for data folders, and for PostgreSQL, which came later and with the vault in it. */
const firstReleased = isPostgresRun() ? '007-vault-entries' : '004-manifest-times';
const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];

type Tables = Record<string, Record<string, unknown>[]>;

let folder: string;
let jonas: Device;
let session: Session;
let local: LocalRecording;
let orderId: string;
const note = () => path.join(folder, 'database-name');
const embedded = () => path.join(folder, 'data', 'pglite');

/** The database as it lies there, without a server. */
async function raw(name?: string): Promise<Kysely<unknown>> {
  if (!isPostgresRun()) return new Kysely({ dialect: new PGliteDialect({ pglite: await PGlite.create(embedded()) }) });
  const { port } = inject('postgres');
  const url = `postgres://sallyport@127.0.0.1:${port}/${name ?? readFileSync(note(), 'utf8')}`;
  const pool = openPool({ kind: 'postgres', url }, { connections: 1, bounded: false, onLost: () => undefined });
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}

async function columns(db: Kysely<unknown>): Promise<Record<string, string[]>> {
  const { rows } = await sql<{ table: string; columns: string[] }>`
    select table_name as table, array_agg(column_name::text order by ordinal_position) as columns
    from information_schema.columns where table_schema = 'public' and table_name not like 'kysely%' group by table_name
  `.execute(db);
  return Object.fromEntries(rows.map((row) => [row.table, row.columns]));
}

async function read(db: Kysely<unknown>, of: Record<string, string[]>): Promise<Tables> {
  const tables: Tables = {};
  for (const [table, names] of Object.entries(of)) {
    const list = sql.join(names.map((name) => sql.ref(name)));
    tables[table] = (await sql<Record<string, unknown>>`select ${list} from ${sql.table(table)}`.execute(db)).rows;
  }
  return tables;
}

async function write(db: Kysely<unknown>, tables: Tables): Promise<void> {
  // Rows name rows of other tables; which come first is not what this is about.
  await sql`set session_replication_role = replica`.execute(db);
  for (const [table, rows] of Object.entries(tables)) {
    for (const row of rows) {
      const values = Object.values(row).map((value) =>
        typeof value === 'object' && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array)
          ? sql`${JSON.stringify(value)}::jsonb`
          : sql`${value}`,
      );
      const names = sql.join(Object.keys(row).map((name) => sql.ref(name)));
      await sql`insert into ${sql.table(table)} (${names}) overriding system value values (${sql.join(values)})`.execute(
        db,
      );
    }
  }
}

// Ids that were given are not given again: the counter comes along, as it would have counted.
async function count(db: Kysely<unknown>): Promise<void> {
  await sql`select setval(pg_get_serial_sequence('audit_events', 'id'), (select max(id) from audit_events))`.execute(
    db,
  );
}

/** Grants and manifests as they were before version 1 of the recording. */
function asVersion0(tables: Tables): Tables {
  const grantOf = (payload: string) => {
    const { command: _command, evidence: _evidence, recipients, ...facts } = JSON.parse(payload);
    return JSON.stringify({ ...facts, version: 0, recipients: { output: recipients.output, input: recipients.input } });
  };
  const textOf = (text: string) => text.replace(/^sallyport-recording 1\n/, 'sallyport-recording 0\n');
  return {
    ...tables,
    sessions: (tables.sessions ?? []).map((row) => ({ ...row, grant_payload: grantOf(String(row.grant_payload)) })),
    stream_keys: (tables.stream_keys ?? []).filter((row) => row.stream !== 'text'),
    recording_manifests: (tables.recording_manifests ?? []).map((row) => ({ ...row, text: textOf(String(row.text)) })),
  };
}

/** Puts what is stored into the first released shape, as a server of that time would have left it. */
async function goBack(): Promise<Tables> {
  const now = await raw();
  const name = `first_${Date.now().toString(36)}`;
  if (isPostgresRun()) await administer(inject('postgres'), `create database ${name}`);
  const shape = isPostgresRun()
    ? await raw(name)
    : new Kysely<unknown>({ dialect: new PGliteDialect({ pglite: await PGlite.create() }) });
  const provider = { getMigrations: async () => migrations };
  const { error } = await new Migrator({ db: shape, provider }).migrateTo(firstReleased);
  expect(error).toBeUndefined();
  const rows = asVersion0(await read(now, await columns(shape)));
  await now.destroy();
  if (isPostgresRun()) {
    await write(shape, rows);
    await count(shape);
    await shape.destroy();
    writeFileSync(note(), name);
    return rows;
  }
  await shape.destroy();
  rmSync(embedded(), { recursive: true });
  const old = await raw();
  await new Migrator({ db: old, provider }).migrateTo(firstReleased);
  await write(old, rows);
  await count(old);
  await old.destroy();
  return rows;
}

beforeAll(async () => {
  if (isPostgresRun()) process.env.PGPASSFILE = inject('postgres').passwordFile;
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-upgrade-'));
  const world = await startWorld({ folder });
  await world.apply([{ name: 'web-01', host: '10.1.2.3', logins: [{ name: 'deploy' }], hostKeys }]);
  jonas = await world.enrol('jonas');
  session = await world.open(jonas, 'web-01', 'deploy');
  local = await record(world, session, { input: 'uptime\n' });
  await upload(session, local);
  const killed = await world.open(jonas, 'web-01', 'deploy');
  const reason = 'before the upgrade';
  orderId = (await world.as('mira', 'killSession', { params: { sessionId: killed.id }, body: { reason } })).id;
  await world.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('opens what the first released server left: people, targets, locks, orders, devices, recordings and their keys', async () => {
  const before = await goBack();
  expect(before.sessions).toHaveLength(2);
  const world = await startWorld({ folder });
  try {
    const device = world.moved(jonas);
    expect((await world.as('mira', 'listLocks')).locks).toMatchObject([{ user: { id: 'jonas' } }]);
    const lockId = (await world.as('mira', 'listLocks')).locks[0]?.id ?? '';
    expect(await world.as('mira', 'getOrder', { params: { orderId } })).toMatchObject({ reason: 'before the upgrade' });
    await world.as('mira', 'liftLock', { params: { lockId } });
    // The device is still enrolled, the server's key the one it pinned: a new grant verifies.
    const next = await world.open(device, 'web-01', 'deploy');
    expect(next.grant.user.id).toBe('jonas');
    // What was recorded before version 1 is there, with all that is known of it; of its manifest is said that it is not read any more.
    const { recordings } = await world.as('mira', 'listRecordings');
    expect(recordings.map((one) => one.sessionId)).toContain(session.id);
    const found = await world.as('mira', 'getRecording', { params: { sessionId: session.id } });
    expect(found).toMatchObject({
      state: 'complete',
      login: 'deploy',
      evidence: 'recorder-only',
      user: { id: 'jonas' },
    });
    const again = local.manifest.replace('sallyport-recording 1\n', 'sallyport-recording 0\n');
    await expect(putManifest(device, session.id, again, signManifest(session, again))).rejects.toMatchObject({
      code: 'SP-3023',
      message: expect.stringContaining('is of version 0, which was not final'),
    });
    const stored = path.join(folder, 'data', 'recordings', session.id);
    const text = (await world.as('mira', 'getManifest', { params: { sessionId: session.id } })).manifest;
    writeFileSync(path.join(stored, 'manifest'), text);
    expect((await verifyFolder(stored, {})).firstBad).toMatchObject({
      what: expect.stringContaining('is not read any more'),
    });
    const identity = await generateX25519Identity();
    const { sealedIdentity } = await device.client.call('unlock', {
      params: { sessionId: session.id },
      body: { stream: 'output', purpose: 'upgrade', recipient: await identityToRecipient(identity) },
    });
    const own = new Decrypter();
    own.addIdentity(identity);
    expect(await own.decrypt(Buffer.from(sealedIdentity, 'base64'), 'text')).toMatch(/^AGE-SECRET-KEY-1/);
  } finally {
    await world.close();
  }
  // Row by row: every one is still there, and its old columns hold what they held (the lock was lifted, sessions ended since).
  const db = await raw();
  const after = await read(db, await columns(db));
  await db.destroy();
  for (const table of [
    'people',
    'targets',
    'devices',
    'policies',
    'recording_segments',
    'recording_manifests',
    'orders',
  ]) {
    // A row that was touched has another place.
    const held = (before[table] ?? []).map((row) => expect.objectContaining(row));
    expect(after[table], table).toEqual(expect.arrayContaining(held));
    expect(after[table]?.length, table).toBe(held.length);
  }
  for (const [table, rows] of Object.entries(before))
    expect(after[table]?.length, table).toBeGreaterThanOrEqual(rows.length);
});

it('refuses a database that a newer version changed, in words, and leaves it as it is', async () => {
  const snapshot = async () => {
    const db = await raw();
    const shape = await columns(db);
    const done = await sql`select * from kysely_migration order by name`.execute(db);
    const rows = await read(db, shape);
    await db.destroy();
    return { shape, done: done.rows, rows };
  };
  const change = async (statement: ReturnType<typeof sql>) => {
    const db = await raw();
    await statement.execute(db);
    await db.destroy();
  };
  await change(sql`insert into kysely_migration values ('999-of-the-future', now()::text)`);
  const before = await snapshot();
  await expect(startWorld({ folder })).rejects.toMatchObject({
    code: 'SP-5010',
    message: expect.stringMatching(
      /newer Sallyport \(step 999-of-the-future\).*Nothing was changed. Start that version/,
    ),
  });
  expect(await snapshot()).toEqual(before);
  await change(sql`delete from kysely_migration where name = '999-of-the-future'`);
  const world = await startWorld({ folder });
  await world.close();
});
