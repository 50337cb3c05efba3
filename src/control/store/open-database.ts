import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect } from 'kysely';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Config } from '../config/config.ts';
import type { Database, Writer } from './database.ts';
import { migrate } from './migrations/index.ts';

/** A data directory made by `PGlite.dumpDataDir`: starts in a fifth of the time. Tests. */
export type DatabaseTemplate = Blob;

/**
 * Opens the embedded database and brings it up to date. Only `serve` does this, with the data folder locked. Throws SP-5010. There is one
 * connection: a query on the writer or reader inside a transaction waits for ever.
 */
export async function openDatabase(config: Config, template?: DatabaseTemplate): Promise<Writer> {
  const dataDir = config.database === 'memory' ? 'memory://' : path.join(config.dataFolder, 'pglite');
  let db: Kysely<Database>;
  try {
    const pglite = await PGlite.create({ dataDir, ...(template === undefined ? {} : { loadDataDir: template }) });
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
