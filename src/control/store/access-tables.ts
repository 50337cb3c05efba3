import type { AccessRequestState } from '../../shared/model/access-request.ts';
import type { Moment, MomentOrNull } from './database.ts';

/** Migration 009. The names of those who acted are kept as they were. */
export interface AccessRequestTable {
  id: string;
  user_id: string;
  target_id: string;
  login: string;
  seconds: number;
  reason: string;
  ticket: string | null;
  /** `open` and `approved` hold until their time only: whoever relies on them looks at `lapses_at` and `ends_at` as well. */
  state: AccessRequestState;
  requested_at: Moment;
  lapses_at: Moment;
  decided_by: string | null;
  decided_by_name: string | null;
  decided_at: MomentOrNull;
  decision_reason: string | null;
  granted_seconds: number | null;
  ends_at: MomentOrNull;
  revoked_by: string | null;
  revoked_by_name: string | null;
  revoked_at: MomentOrNull;
  revocation_reason: string | null;
}
