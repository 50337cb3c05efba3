import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Plain SQL that PostgreSQL 15 and PGlite both take. A migration that was released is never edited again. */
const statements = [
  // More than one receipt for the same lines: what is kept of the wire may go on after them. `place`: their order, from 0.
  sql`alter table recording_receipts add column place integer not null default 0`,
  sql`alter table recording_receipts drop constraint recording_receipts_pkey`,
  sql`alter table recording_receipts add primary key (session_id, lines, place)`,
];

export const laterReceipts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
