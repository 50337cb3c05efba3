import { sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { SallyportError } from '../../../shared/errors/result.ts';
import type { Writer } from '../database.ts';
import { foundation } from './001-foundation.ts';
import { sessions } from './002-sessions.ts';
import { incompleteAlerts } from './003-incomplete-alerts.ts';
import { manifestTimes } from './004-manifest-times.ts';
import { sealedPasswords } from './005-sealed-passwords.ts';
import { vaultedPasswords } from './006-vaulted-passwords.ts';
import { vaultEntries } from './007-vault-entries.ts';
import { severalProcesses } from './008-several-processes.ts';
import { accessRequests } from './009-access-requests.ts';
import { recordingRules } from './010-recording-rules.ts';
import { journalTails } from './011-journal-tails.ts';
import { wires } from './012-wires.ts';
import { laterReceipts } from './013-later-receipts.ts';
import { review } from './014-review.ts';
import { search } from './015-search.ts';

/** In order; the names are stored in the database and never change. */
export const migrations: Readonly<Record<string, Migration>> = {
  '001-foundation': foundation,
  '002-sessions': sessions,
  '003-incomplete-alerts': incompleteAlerts,
  '004-manifest-times': manifestTimes,
  '005-sealed-passwords': sealedPasswords,
  '006-vaulted-passwords': vaultedPasswords,
  '007-vault-entries': vaultEntries,
  '008-several-processes': severalProcesses,
  '009-access-requests': accessRequests,
  '010-recording-rules': recordingRules,
  '011-journal-tails': journalTails,
  '012-wires': wires,
  '013-later-receipts': laterReceipts,
  '014-review': review,
  '015-search': search,
};

/**
 * Brings the database to the newest shape, one process at a time (Kysely's migrator holds an advisory lock). Throws SP-5010 when the database is
 * of a newer Sallyport, or when a migration fails; it leaves no trace then.
 */
export async function migrate(db: Writer): Promise<void> {
  await refuseNewer(db);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'unknown';
  throw new SallyportError(
    'SP-5010',
    `The database could not be brought up to date (step ${failed}). Nothing was changed. Check its space and that the server's user owns it; then start again.`,
    { cause: error },
  );
}

/** Before anything is written: also the migrator's own tables. */
async function refuseNewer(db: Writer): Promise<void> {
  const table = await sql<{ found: string | null }>`select to_regclass('kysely_migration')::text as found`.execute(db);
  if (table.rows[0]?.found == null) return;
  const done = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const unknown = done.rows.map((row) => row.name).filter((name) => !Object.hasOwn(migrations, name));
  if (unknown.length === 0) return;
  throw new SallyportError(
    'SP-5010',
    `This database was changed by a newer Sallyport (step ${unknown[0]}), so this one does not start on it. Nothing was changed. Start that version or a newer one.`,
  );
}
