import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Plain SQL that PostgreSQL 15 and PGlite both take. A migration that was released is never edited again. */
const statements = [
  sql`alter table sessions add column incomplete_alerted_at timestamptz`,
  sql`create index sessions_unalerted on sessions (ended_at) where incomplete_alerted_at is null`,
];

export const incompleteAlerts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
