import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Plain SQL that PostgreSQL 15 and PGlite both take. A migration that was released is never edited again. */
const statements = [
  sql`create table sessions (
    id text primary key,
    user_id text not null references people (id),
    device_id text not null references devices (id),
    target_id text not null references targets (id),
    login text not null,
    route text not null,
    relay_address text,
    session_key text not null unique,
    session_key_certificate text not null,
    certificate text not null,
    grant_payload text not null,
    grant_signature text not null,
    granted_at timestamptz not null,
    opened_at timestamptz,
    login_signed_at timestamptz,
    relayed_at timestamptz,
    killed_at timestamptz,
    ended_at timestamptz,
    end_reason jsonb,
    ended_by text
  )`,
  sql`create index sessions_running on sessions (granted_at) where ended_at is null`,
  sql`create index sessions_user on sessions (user_id, target_id, granted_at)`,
  sql`create index sessions_time on sessions (granted_at)`,
  sql`create table stream_keys (
    session_id text not null references sessions (id),
    stream text not null,
    recipient text not null,
    wrapped text not null,
    primary key (session_id, stream)
  )`,
  sql`create table locks (
    id text primary key,
    user_id text not null references people (id),
    target_id text not null references targets (id),
    reason text not null,
    by_id text not null,
    by_name text not null,
    created_at timestamptz not null,
    lifted_at timestamptz,
    lifted_by text
  )`,
  sql`create index locks_in_force on locks (user_id, target_id) where lifted_at is null`,
  sql`create table orders (
    id text primary key,
    session_id text not null references sessions (id),
    device_id text not null references devices (id),
    kind text not null,
    reason text not null,
    by_id text not null,
    by_name text not null,
    by_role text not null,
    lock_id text not null references locks (id),
    state text not null,
    requested_at timestamptz not null,
    sent_at timestamptz,
    received_at timestamptz,
    confirmed_at timestamptz,
    socket_closed_at_client text,
    launcher_closed_ms double precision,
    relay_closed_at timestamptz,
    relay_closed_ms double precision,
    survivors text not null,
    payload text not null,
    signature text not null
  )`,
  sql`create index orders_session on orders (session_id)`,
  sql`create index orders_open on orders (device_id) where confirmed_at is null`,
  sql`create table recording_segments (
    session_id text not null references sessions (id),
    stream text not null,
    seq integer not null,
    sha256 text not null,
    bytes integer not null,
    stored_at timestamptz not null,
    primary key (session_id, stream, seq)
  )`,
  sql`create table recording_manifests (
    session_id text primary key references sessions (id),
    text text not null,
    signature text not null,
    ended boolean not null,
    end_reason text,
    updated_at timestamptz not null
  )`,
  sql`create table recording_receipts (
    session_id text not null references sessions (id),
    lines integer not null,
    payload text not null,
    signature text not null,
    at timestamptz not null,
    primary key (session_id, lines)
  )`,
  sql`create table recording_journals (
    session_id text primary key references sessions (id),
    sha256 text not null,
    bytes integer not null,
    because text not null,
    stored_at timestamptz not null
  )`,
  sql`create table unreachable_targets (
    target_id text primary key references targets (id),
    since timestamptz not null,
    code text not null,
    message text not null
  )`,
];

export const sessions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
