import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What the server holds of the journals of running sessions, sealed as it came. Offsets and counts are whole numbers below 2^53. */
const statements = [
  sql`create table journal_tails (
    session_id text primary key references sessions (id),
    header bytea not null,
    position double precision not null,
    kept_bytes double precision not null,
    frames_output double precision not null default 0,
    frames_input double precision not null default 0,
    bytes_output double precision not null default 0,
    bytes_input double precision not null default 0,
    epoch double precision not null default 0,
    chain text not null,
    updated_at timestamptz not null
  )`,
  // A row begins where a frame does, and where keys change a new row begins: `keys`. `frames_...`: of each stream before it.
  sql`create table journal_tail_pieces (
    session_id text not null references journal_tails (session_id) on delete cascade,
    at double precision not null,
    bytes bytea not null,
    keys boolean not null,
    frames_output double precision not null,
    frames_input double precision not null,
    primary key (session_id, at)
  )`,
];

export const journalTails: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
