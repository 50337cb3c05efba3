import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Plain SQL that PostgreSQL 15 and PGlite both take. A migration that was released is never edited again. */
const statements = [
  // One wire for a session whose grant says that it is kept. `kept_by`: the process with the connection, whose data folder has the bytes until they are stored.
  sql`create table wires (
    session_id text primary key references sessions (id),
    kept_by text not null,
    head jsonb not null,
    closed_at timestamptz,
    stored_at timestamptz,
    verified_at timestamptz,
    tries integer not null default 0,
    tried_at timestamptz,
    released_at timestamptz
  )`,
  sql`create index wires_kept on wires (stored_at) where released_at is null`,
];

export const wires: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
