import type { AccessRequestView } from '../../shared/model/access-request.ts';
import type { Reader } from '../context.ts';
import type { AccessRequestRow } from './grants.ts';
import { type RequestProgress, stateAt } from './request-state.ts';

/** A request with the names and the target that go with it. */
export interface JoinedRequest extends AccessRequestRow {
  user_name: string;
  target_name: string;
}

export function joined(db: Reader) {
  return db
    .selectFrom('access_requests')
    .innerJoin('people', 'people.id', 'access_requests.user_id')
    .innerJoin('targets', 'targets.id', 'access_requests.target_id')
    .selectAll('access_requests')
    .select(['people.name as user_name', 'targets.name as target_name']);
}

export function progressOf(row: AccessRequestRow): RequestProgress {
  return {
    state: row.state,
    seconds: row.seconds,
    lapsesAt: row.lapses_at.getTime(),
    grantedSeconds: row.granted_seconds,
    endsAt: row.ends_at?.getTime() ?? null,
  };
}

function deed(
  by: string | null,
  name: string | null,
  at: Date | null,
  reason: string | null,
): AccessRequestView['decided'] {
  return by === null || at === null
    ? null
    : { by: { id: by, name: name ?? by }, at: at.toISOString(), reason: reason ?? '' };
}

export function toRequestView(row: JoinedRequest, now: Date, mayDecide: boolean): AccessRequestView {
  return {
    id: row.id,
    user: { id: row.user_id, name: row.user_name },
    target: { id: row.target_id, name: row.target_name },
    login: row.login,
    seconds: row.seconds,
    reason: row.reason,
    ticket: row.ticket,
    state: stateAt(progressOf(row), now.getTime()),
    requestedAt: row.requested_at.toISOString(),
    lapsesAt: row.lapses_at.toISOString(),
    decided: deed(row.decided_by, row.decided_by_name, row.decided_at, row.decision_reason),
    grant:
      row.granted_seconds === null || row.ends_at === null
        ? null
        : { seconds: row.granted_seconds, endsAt: row.ends_at.toISOString() },
    revoked: deed(row.revoked_by, row.revoked_by_name, row.revoked_at, row.revocation_reason),
    mayDecide,
  };
}
