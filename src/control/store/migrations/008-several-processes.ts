import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What several control processes on one database share. Plain SQL that PostgreSQL 15 and PGlite both take. A migration that was released is never
 * edited again.
 */
const statements = [
  sql`create table control_processes (id text primary key, seen_at timestamptz not null)`,
  // The process with the one relay connection, and when that connection was closed.
  sql`alter table sessions add column relayed_by text`,
  sql`alter table sessions add column relay_closed_at timestamptz`,
  // SHA-256 of what the target proved over the relay, until the login takes it.
  sql`alter table sessions add column carried_proof text`,
  // The lease, by the database's clock; a process that is alone keeps its leases in memory.
  sql`alter table sessions add column lease_seq integer not null default 0`,
  sql`alter table sessions add column lease_renewed_at timestamptz not null default now()`,
  sql`alter table sessions add column lease_ends_at timestamptz`,
  sql`alter table sessions add column heard_at timestamptz`,
  sql`alter table sessions add column head_output_bytes double precision`,
  sql`alter table sessions add column head_input_bytes double precision`,
  // When an order was stored, by the database's clock: a process elsewhere counts from it.
  sql`alter table orders add column stored_at timestamptz not null default clock_timestamp()`,
  sql`create table control_channels (
    device_id text primary key references devices (id),
    number integer not null,
    process_id text not null
  )`,
  // The private half of a login, wrapped by the vault; gone when it is used, when its session ends, and three minutes after the grant.
  sql`create table login_keys (session_id text primary key, wrapped text not null, expires_at timestamptz not null)`,
];

export const severalProcesses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
