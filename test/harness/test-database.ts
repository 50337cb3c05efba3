import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inject } from 'vitest';
import type { Overrides } from '../../src/control/server.ts';
import { databaseTemplate } from './database-template.ts';
import { administer, templateName } from './postgres.ts';

/** What `startServer` needs for the database that this run is about: PGlite, or (project integration-postgres) PostgreSQL. */
export interface TestDatabase {
  kind: 'pglite' | 'postgres';
  /** For `ConfigInput.database` */
  database: string;
  overrides: Pick<Overrides, 'databaseTemplate'>;
  /** After the server stopped. */
  drop(): Promise<void>;
}

export function isPostgresRun(): boolean {
  return process.env.SALLYPORT_TEST_DATABASE === 'postgres';
}

/**
 * A database of its own, with the tables in it. `kept`: a folder whose next server finds the same database again (PGlite in `data/pglite`, PostgreSQL by
 * the name noted there).
 */
export async function makeTestDatabase(kept?: string): Promise<TestDatabase> {
  if (isPostgresRun()) return makePostgresDatabase(kept);
  const made = kept !== undefined && existsSync(path.join(kept, 'data', 'pglite'));
  return {
    kind: 'pglite',
    database: kept === undefined ? 'memory' : 'folder',
    overrides: made ? {} : { databaseTemplate: await databaseTemplate() },
    drop: async () => undefined,
  };
}

/** A fresh PostgreSQL database, only in the project integration-postgres: for what needs PostgreSQL by name. */
export async function makePostgresDatabase(kept?: string): Promise<TestDatabase> {
  const cluster = inject('postgres');
  process.env.PGPASSFILE = cluster.passwordFile;
  const note = kept === undefined ? null : path.join(kept, 'database-name');
  const known = note !== null && existsSync(note);
  const name = known ? readFileSync(note, 'utf8') : `t_${randomBytes(6).toString('hex')}`;
  if (!known) await administer(cluster, `create database ${name} template ${templateName}`);
  if (note !== null) writeFileSync(note, name);
  return {
    kind: 'postgres',
    database: `postgres://sallyport@127.0.0.1:${cluster.port}/${name}`,
    overrides: {},
    async drop() {
      if (note === null) await administer(cluster, `drop database if exists ${name} with (force)`);
    },
  };
}
