import { sql } from 'kysely';
import type { Writer } from '../context.ts';
import { accessGraceMs, type Lease, leaseMs, silenceCutMs } from './lease.ts';

/** What other processes may want to know of a session's head, and what shows that its recorder lives. */
export interface HeardHead {
  outputBytes: number;
  inputBytes: number;
}

export interface Renewal {
  sessionId: string;
  /** Milliseconds since its launcher's last word; null when there was none. */
  heardMsAgo: number | null;
  head: HeardHead | null;
}

/** A lease as the database has it. Ages are milliseconds at the moment of the answer; the caller counts them from before it asked. */
export interface StoredLease {
  sessionId: string;
  deviceId: string;
  seq: number;
  renewedMsAgo: number;
  grantedMsAgo: number;
  /** Null: it has no limit of its own. */
  endsInMs: number | null;
  /** Null: it runs under no access request. 0 or less: its access is over. */
  accessInMs: number | null;
  opened: boolean;
  heardMsAgo: number | null;
  head: HeardHead | null;
  /** It was ordered to end, or its device was revoked: no renewal. */
  stopped: boolean;
  ended: boolean;
  endedByServer: boolean;
}

/**
 * Leases where several processes share a database. A renewal is one statement there, refused for a session that has ended, was killed, whose device
 * was revoked or whose lease ran out: so an order stops every renewal from the moment it is stored, whatever a process has heard.
 */
export interface LeaseStore {
  /**
   * The numbers of the leases that were renewed, by session. It waits for nobody: a session that another transaction is changing is left for the next time, so
   * that a process that hangs in the middle of a kill keeps no other session from its lease, and no kill can deadlock with a renewal.
   */
  renew(due: readonly Renewal[]): Promise<ReadonlyMap<string, number>>;
  read(sessionIds: readonly string[]): Promise<StoredLease[]>;
}

/** A little under the process's own cut, so that what it has cut is also over for the others. */
const lapseMs = silenceCutMs - 300;

const ms = (milliseconds: number) => sql`${sql.lit(milliseconds)} * interval '1 millisecond'`;

/** Part of a statement: the lease of this running session ran out, or the access under it, by the database's own clock. */
export const leaseRanOut = sql<boolean>`(
  sessions.lease_renewed_at < now() - ${ms(lapseMs)}
  or (sessions.opened_at is not null and sessions.heard_at < now() - ${ms(lapseMs)})
  or exists (
    select from access_requests
    where access_requests.id = sessions.access_request_id and access_requests.ends_at < now() - ${ms(accessGraceMs)}
  )
)`;

export function makeLeaseStore(db: Writer): LeaseStore {
  return {
    async renew(due) {
      if (due.length === 0) return new Map();
      const { rows } = await sql<{ id: string; lease_seq: number }>`
        with free as (select id from sessions where id = any(${due.map((each) => each.sessionId)}::text[]) for no key update skip locked)
        update sessions set
          lease_seq = lease_seq + 1,
          lease_renewed_at = now(),
          heard_at = least(greatest(heard_at, now() - due.heard * interval '1 millisecond'), now()),
          head_output_bytes = coalesce(due.output, head_output_bytes),
          head_input_bytes = coalesce(due.input, head_input_bytes)
        from unnest(
          ${due.map((each) => each.sessionId)}::text[],
          ${due.map((each) => each.heardMsAgo)}::float8[],
          ${due.map((each) => each.head?.outputBytes ?? null)}::float8[],
          ${due.map((each) => each.head?.inputBytes ?? null)}::float8[]
        ) as due (session_id, heard, output, input)
        where sessions.id = due.session_id and sessions.id in (select id from free)
          and ended_at is null and killed_at is null
          and lease_renewed_at > now() - ${ms(leaseMs)}
          and (lease_ends_at is null or lease_ends_at > now())
          and not exists (select from devices where devices.id = sessions.device_id and devices.revoked_at is not null)
          and (access_request_id is null or exists (
            select from access_requests
            where access_requests.id = sessions.access_request_id and state = 'approved' and ends_at > now()
          ))
        returning sessions.id, lease_seq
      `.execute(db);
      return new Map(rows.map((row) => [row.id, row.lease_seq]));
    },
    async read(sessionIds) {
      if (sessionIds.length === 0) return [];
      const ago = (moment: string) => sql.raw(`(extract(epoch from now() - ${moment}) * 1000)::float8`);
      const { rows } = await sql<StoredLease & { output: number | null; input: number | null }>`
        select sessions.id as "sessionId", sessions.device_id as "deviceId", lease_seq as "seq", ${ago('lease_renewed_at')} as "renewedMsAgo",
          ${ago('granted_at')} as "grantedMsAgo", -${ago('lease_ends_at')} as "endsInMs",
          case when requests.id is not null then coalesce(-${ago("case requests.state when 'approved' then requests.ends_at end")}, 0) end as "accessInMs", opened_at is not null as "opened",
          ${ago('heard_at')} as "heardMsAgo", head_output_bytes as "output", head_input_bytes as "input",
          (killed_at is not null or devices.revoked_at is not null or requests.state = 'revoked') as "stopped", ended_at is not null as "ended",
          ended_by is not distinct from 'server' as "endedByServer"
        from sessions join devices on devices.id = sessions.device_id
          left join access_requests as requests on requests.id = sessions.access_request_id
        where sessions.id = any(${[...sessionIds]}::text[])
      `.execute(db);
      return rows.map(({ output, input, ...lease }) => ({
        ...lease,
        head: output === null ? null : { outputBytes: output, inputBytes: input ?? 0 },
      }));
    },
  };
}

/** Two statements may see each other's `now()` a little early; more than this, and the database's clock was set back. */
const aheadMs = 1000;

/** The moment that was `ago` milliseconds before `at`, never later. By a clock that was set back since: long ago, or a lease would last until it catches up. */
function momentOf(ago: number, at: number): number {
  return ago < -aheadMs ? Number.NEGATIVE_INFINITY : at - Math.max(0, ago);
}

/** `at`: this process's monotonic clock before it asked. */
export function leaseOf(stored: StoredLease, at: number): Lease {
  const heardAt = stored.heardMsAgo === null ? null : momentOf(stored.heardMsAgo, at);
  const renewedAt = momentOf(stored.renewedMsAgo, at);
  return {
    phase: stored.stopped ? 'stopped' : stored.opened ? 'open' : 'opening',
    grantedAt: at - stored.grantedMsAgo,
    endsAt: stored.endsInMs === null ? Number.POSITIVE_INFINITY : at + stored.endsInMs,
    accessEndsAt: stored.accessInMs === null ? null : at + stored.accessInMs,
    openedAt: stored.opened ? (heardAt ?? renewedAt) : null,
    headAt: heardAt,
    seq: stored.seq,
    renewedAt,
  };
}

/** A lease as this process knew it and as it is stored: the later word of each counts, and an end of renewals stands. */
export function joinLease(known: Lease, stored: Lease): Lease {
  const later = (one: number | null, other: number | null) =>
    one === null || other === null ? (one ?? other) : Math.max(one, other);
  const phases = [known.phase, stored.phase];
  return {
    phase: phases.includes('stopped') ? 'stopped' : phases.includes('open') ? 'open' : 'opening',
    grantedAt: known.grantedAt,
    endsAt: known.endsAt,
    // The other process may have heard of a revocation.
    accessEndsAt:
      known.accessEndsAt === null || stored.accessEndsAt === null
        ? null
        : Math.min(known.accessEndsAt, stored.accessEndsAt),
    openedAt: known.openedAt ?? stored.openedAt,
    headAt: later(known.headAt, stored.headAt),
    seq: Math.max(known.seq, stored.seq),
    renewedAt: Math.max(known.renewedAt, stored.renewedAt),
  };
}
