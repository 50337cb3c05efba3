import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Plain SQL that PostgreSQL 15 and PGlite both take. A migration that was released is never edited again. */
const statements = [
  // What people put beside recordings. Names are kept as they were.
  sql`create table recording_bookmarks (
    id text primary key,
    session_id text not null references sessions (id),
    at_ms bigint not null,
    text text not null,
    by_id text not null,
    by_name text not null,
    at timestamptz not null
  )`,
  sql`create index recording_bookmarks_session on recording_bookmarks (session_id)`,
  sql`create table recording_findings (
    id text primary key,
    session_id text not null references sessions (id),
    at_ms bigint not null,
    title text not null,
    note text not null,
    severity text not null check (severity in ('low', 'medium', 'high')),
    state text not null check (state in ('open', 'closed')),
    by_id text not null,
    by_name text not null,
    at timestamptz not null,
    changed_by text,
    changed_by_name text,
    changed_at timestamptz
  )`,
  sql`create index recording_findings_session on recording_findings (session_id)`,
  // A row while it counts as reviewed; what was before is in the audit.
  sql`create table recording_reviews (
    session_id text primary key references sessions (id),
    note text not null,
    by_id text not null,
    by_name text not null,
    at timestamptz not null
  )`,
  // Every hold that ever was.
  sql`create table recording_holds (
    id text primary key,
    session_id text not null references sessions (id),
    reason text not null,
    by_id text not null,
    by_name text not null,
    at timestamptz not null,
    lifted_at timestamptz,
    lifted_by text,
    lifted_by_name text,
    lift_reason text,
    check ((lifted_at is null) = (lift_reason is null))
  )`,
  sql`create index recording_holds_session on recording_holds (session_id)`,
  sql`create unique index recording_holds_in_force on recording_holds (session_id) where lifted_at is null`,
  // Lists go on after a page, newest first: several may have begun in one millisecond.
  sql`create index sessions_page on sessions (granted_at, id)`,
  sql`drop index sessions_time`,
];

export const review: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
