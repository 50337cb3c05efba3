import { existsSync } from 'node:fs';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Config, DatabasePlace } from '../config/config.ts';
import type { Database, Writer } from './database.ts';
import { migrate } from './migrations/index.ts';
import { isRefusal, oldestPostgres, openPool, startWords } from './postgres.ts';

/** A data directory made by `PGlite.dumpDataDir`: starts in a fifth of the time. Tests. */
export type DatabaseTemplate = Blob;

export interface OpenDatabaseOptions {
  template?: DatabaseTemplate | undefined;
  /** Hears of connections that broke; what was asked over them has its own error. */
  onLost?(error: Error): void;
}

/** Connections of one server: a request holds one for milliseconds, so this is for bursts, and several servers fit PostgreSQL's default of 100. */
const connections = 16;

/**
 * Opens the database and brings it up to date. Only `serve` does this, with the data folder locked. Throws SP-5010, and changes nothing then.
 * PGlite has one connection: a query on the writer or reader inside a transaction waits for ever.
 */
export async function openDatabase(
  config: Pick<Config, 'database' | 'dataFolder'>,
  options: OpenDatabaseOptions = {},
): Promise<Writer> {
  const { database } = config;
  const embedded = path.join(config.dataFolder, 'pglite');
  if (database.kind === 'postgres') {
    if (existsSync(embedded)) {
      throw new SallyportError(
        'SP-5010',
        'This data folder has a database of its own, which would be left behind. Nothing was changed. Start without --database postgres, or give --data a new folder.',
      );
    }
    return openPostgres(database, options.onLost ?? (() => undefined));
  }
  return openEmbedded(database.kind === 'memory' ? 'memory://' : embedded, config, options);
}

async function openEmbedded(
  dataDir: string,
  config: Pick<Config, 'dataFolder'>,
  { template }: OpenDatabaseOptions,
): Promise<Writer> {
  let db: Kysely<Database>;
  try {
    const pglite = await PGlite.create({
      dataDir,
      extensions: { pg_trgm },
      ...(template === undefined ? {} : { loadDataDir: template }),
    });
    db = new Kysely<Database>({ dialect: new PGliteDialect({ pglite }) });
  } catch (cause) {
    throw new SallyportError(
      'SP-5010',
      `The database in ${config.dataFolder} does not open. Nothing was changed. If the disk is full or the folder was restored in part, mend that and start again.`,
      { cause },
    );
  }
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

async function openPostgres(
  place: Extract<DatabasePlace, { kind: 'postgres' }>,
  onLost: (error: Error) => void,
): Promise<Writer> {
  // Without the limits of requests: a migration takes what it takes, and a second server waits for it.
  const first = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: openPool(place, { connections: 2, bounded: false, onLost }) }),
  });
  try {
    await checkPostgres(first);
    await migrate(first).catch((error: unknown) => {
      throw isRefusal(error) ? refuse(startWords(error), error) : error;
    });
  } finally {
    await first.destroy();
  }
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool: openPool(place, { connections, bounded: true, onLost }) }),
  });
}

function refuse(why: string, cause?: unknown): SallyportError {
  return new SallyportError('SP-5010', `The PostgreSQL database cannot be used: ${why}. Nothing was changed.`, {
    cause,
  });
}

async function checkPostgres(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ version: number; encoding: string; standby: boolean; trigrams: boolean }>`
    select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding,
      pg_is_in_recovery() as standby,
      exists (select from pg_available_extensions where name = 'pg_trgm') as trigrams
  `
    .execute(db)
    .catch((error: unknown) => {
      throw refuse(startWords(error), error);
    });
  const [facts] = rows;
  if (facts === undefined) throw refuse('it does not answer');
  const version = Math.floor(facts.version / 10_000);
  if (version < oldestPostgres) {
    throw refuse(`it is PostgreSQL ${version}, and Sallyport needs ${oldestPostgres} or newer. Upgrade it`);
  }
  if (facts.encoding !== 'UTF8') throw refuse(`its encoding is ${facts.encoding}. Create it with the encoding UTF8`);
  if (!facts.trigrams)
    throw refuse('it lacks the extension pg_trgm. Install the additional modules of PostgreSQL (postgresql-contrib)');
  if (facts.standby) throw refuse('it is a standby, which takes no writes. Name the primary');
}
