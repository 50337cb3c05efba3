import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** SQL that PostgreSQL 15 and PGlite both take, with the extension pg_trgm. A migration that was released is never edited again. */
const statements = [
  sql`create extension if not exists pg_trgm`,
  // Of text segments: when it was settled what of it is in the index, what hindered that, and who tried when.
  sql`alter table recording_segments
    add column indexed_at timestamptz,
    add column index_problem text,
    add column index_tries integer not null default 0,
    add column index_tried_at timestamptz`,
  sql`create index recording_segments_unindexed on recording_segments (stored_at) where stream = 'text' and indexed_at is null`,
  sql`create index recording_segments_text on recording_segments (session_id) where stream = 'text'`,
  // Some lines of one text segment each (docs/decisions/0021): folded for the index, as they were for the answer, and their times, in that order.
  sql`create table search_blocks (
    session_id text not null references sessions (id),
    seq integer not null,
    place integer not null,
    kind text not null check (kind in ('command', 'output')),
    folded text not null,
    text text not null,
    times text not null,
    primary key (session_id, seq, place)
  )`,
  // The list of what is not in the index's tree yet is read by every search, so it is short.
  sql`create index search_blocks_output on search_blocks using gin (folded gin_trgm_ops) with (gin_pending_list_limit = 512) where kind = 'output'`,
  sql`create index search_blocks_command on search_blocks using gin (folded gin_trgm_ops) with (gin_pending_list_limit = 128) where kind = 'command'`,
];

export const search: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
