import type { Selectable } from 'kysely';
import type { Reader } from '../context.ts';
import type { AccessRequestTable } from '../store/access-tables.ts';

export type AccessRequestRow = Selectable<AccessRequestTable>;

/** Access that an approved request gives at this moment. */
export interface AccessGrant {
  requestId: string;
  endsAt: Date;
  /** What it was asked for with. */
  reason: string;
  ticket: string | null;
}

/** The access a person has to this login of this target at `now`; of several the one that lasts longest. */
export async function grantInForce(
  db: Reader,
  wanted: { userId: string; targetId: string; login: string; now: Date },
): Promise<AccessGrant | null> {
  const row = await db
    .selectFrom('access_requests')
    .select(['id', 'ends_at', 'reason', 'ticket'])
    .where('user_id', '=', wanted.userId)
    .where('target_id', '=', wanted.targetId)
    .where('login', '=', wanted.login)
    .where('state', '=', 'approved')
    .where('ends_at', '>', wanted.now)
    .orderBy('ends_at', 'desc')
    .executeTakeFirst();
  if (row?.ends_at == null) return null;
  return { requestId: row.id, endsAt: row.ends_at, reason: row.reason, ticket: row.ticket };
}

/** Everything a person was granted and still has, as `target login` pairs. */
export async function grantsOf(db: Reader, userId: string, now: Date): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('access_requests')
    .select(['target_id', 'login'])
    .where('user_id', '=', userId)
    .where('state', '=', 'approved')
    .where('ends_at', '>', now)
    .execute();
  return new Set(rows.map((row) => grantKey(row.target_id, row.login)));
}

export function grantKey(targetId: string, login: string): string {
  return `${targetId} ${login}`;
}

/** Milliseconds that the access under which a session was opened still holds at `now`; 0 when it is over. */
export async function accessLeftMs(db: Reader, requestId: string, now: Date): Promise<number> {
  const row = await db
    .selectFrom('access_requests')
    .select('ends_at')
    .where('id', '=', requestId)
    .where('state', '=', 'approved')
    .executeTakeFirst();
  return Math.max(0, (row?.ends_at?.getTime() ?? 0) - now.getTime());
}

/** Whether the access that a session was opened under still holds at `now`. */
export async function stillGranted(db: Reader, requestId: string, now: Date): Promise<boolean> {
  return (await accessLeftMs(db, requestId, now)) > 0;
}
