import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Plain SQL that PostgreSQL 15 and PGlite both take. A migration that was released is never edited again. */
const statements = [
  sql`alter table organisation add column recording jsonb not null default '{}'`,
  sql`alter table targets add column recording jsonb not null default '{}'`,
  // When a target last failed to exchange keys again: sessions to it are granted without anchors from then on, until its row is changed.
  sql`alter table targets add column reexchange_failed_at timestamptz`,
  // The level of evidence of a recording, as the server found it in the newest manifest.
  sql`alter table recording_manifests add column anchors integer not null default 0`,
];

export const recordingRules: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
