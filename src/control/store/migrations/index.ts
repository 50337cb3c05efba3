import { type Migration, Migrator } from 'kysely/migration';
import { SallyportError } from '../../../shared/errors/result.ts';
import type { Writer } from '../database.ts';
import { foundation } from './001-foundation.ts';
import { sessions } from './002-sessions.ts';
import { incompleteAlerts } from './003-incomplete-alerts.ts';
import { manifestTimes } from './004-manifest-times.ts';
import { sealedPasswords } from './005-sealed-passwords.ts';

/** In order; the names are stored in the database and never change. */
const migrations: Record<string, Migration> = {
  '001-foundation': foundation,
  '002-sessions': sessions,
  '003-incomplete-alerts': incompleteAlerts,
  '004-manifest-times': manifestTimes,
  '005-sealed-passwords': sealedPasswords,
};

/** Brings the database to the newest shape. Throws SP-5010 when one migration fails; it leaves no trace then. */
export async function migrate(db: Writer): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'unknown';
  throw new SallyportError(
    'SP-5010',
    `The database could not be brought up to date (step ${failed}). Nothing was changed. If this data folder comes from a newer Sallyport, start that version.`,
    { cause: error },
  );
}
