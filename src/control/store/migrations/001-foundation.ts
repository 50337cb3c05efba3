import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Plain SQL that PostgreSQL 15 and PGlite both take. A migration that was released is never edited again. */
const statements = [
  sql`create table organisation (
    id integer primary key check (id = 1),
    name text not null,
    break_glass_recipient text not null,
    device_key text not null,
    relay_exceptions jsonb not null,
    version integer not null
  )`,
  sql`create table people (
    id text primary key,
    name text not null,
    roles jsonb not null,
    groups jsonb not null,
    created_at timestamptz not null,
    removed_at timestamptz
  )`,
  sql`create table targets (
    id text primary key,
    name text not null unique,
    description text not null,
    host text not null,
    port integer not null,
    route text not null,
    labels jsonb not null,
    production boolean not null,
    owner text,
    needs jsonb not null,
    logins jsonb not null,
    host_keys jsonb not null,
    limits jsonb not null,
    created_at timestamptz not null,
    removed_at timestamptz
  )`,
  sql`create table policies (id text primary key, cedar text not null)`,
  sql`create table invites (
    code_hash text primary key,
    user_id text not null references people (id),
    created_by text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
  )`,
  sql`create table devices (
    id text primary key,
    user_id text not null references people (id),
    name text not null,
    thumbprint text not null unique,
    public_key text not null,
    enrolled_at timestamptz not null,
    revoked_at timestamptz
  )`,
  sql`create index devices_user on devices (user_id)`,
  sql`create table used_proofs (jti_hash text primary key, expires_at timestamptz not null)`,
  sql`create index used_proofs_expiry on used_proofs (expires_at)`,
  sql`create table audit_events (
    id integer generated always as identity primary key,
    at timestamptz not null,
    event text not null,
    actor text not null,
    subject text,
    detail jsonb not null
  )`,
];

export const foundation: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
