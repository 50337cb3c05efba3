import { type Kysely, sql } from 'kysely';

/** Access for a time: who asked, who decided, until when; and which sessions were opened under it. */
const statements = [
  sql`create table access_requests (
    id text primary key,
    user_id text not null references people (id),
    target_id text not null references targets (id),
    login text not null,
    seconds integer not null,
    reason text not null,
    ticket text,
    state text not null check (state in ('open', 'approved', 'denied', 'revoked', 'expired')),
    requested_at timestamptz not null,
    lapses_at timestamptz not null,
    decided_by text,
    decided_by_name text,
    decided_at timestamptz,
    decision_reason text,
    granted_seconds integer,
    ends_at timestamptz,
    revoked_by text,
    revoked_by_name text,
    revoked_at timestamptz,
    revocation_reason text,
    check (decided_by is null or decided_by <> user_id)
  )`,
  sql`create index access_requests_user on access_requests (user_id, target_id, login) where state in ('open', 'approved')`,
  sql`create index access_requests_time on access_requests (requested_at)`,
  // One that waits per person, target and login: an approver decides once.
  sql`create unique index access_requests_open on access_requests (user_id, target_id, login) where state = 'open'`,
  sql`alter table sessions add column access_request_id text references access_requests (id)`,
  sql`create index sessions_access_request on sessions (access_request_id) where access_request_id is not null`,
];

export const accessRequests = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await statement.execute(db);
  },
};
