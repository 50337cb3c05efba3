import { assertNever } from '../../shared/errors/result.ts';
import type { AccessRequestState } from '../../shared/model/access-request.ts';

/** What decides about a request. Pure: all times are milliseconds since 1970 by the server's clock, and come in as values. */
export interface RequestProgress {
  state: AccessRequestState;
  /** What was asked for. */
  seconds: number;
  /** When it lapses undecided. */
  lapsesAt: number;
  grantedSeconds: number | null;
  /** When access ends; null unless it was approved. */
  endsAt: number | null;
}

export type RequestEvent =
  /** `seconds` null: as asked. */
  | { type: 'approve'; at: number; seconds: number | null }
  | { type: 'deny'; at: number }
  /** Of an open request: its withdrawal. */
  | { type: 'revoke'; at: number }
  | { type: 'tick'; at: number };

/** `more-than-asked`: an approver may grant less, never more. The others name the state that does not take the event. */
export type RequestRefusal = 'more-than-asked' | 'approved' | 'denied' | 'revoked' | 'expired';

export type RequestStep = { next: RequestProgress } | { refused: RequestRefusal };

/** How long a request waits for a decision. */
export const waitMs = 24 * 3_600_000;

export function firstProgress(at: number, seconds: number): RequestProgress {
  return { state: 'open', seconds, lapsesAt: at + waitMs, grantedSeconds: null, endsAt: null };
}

/** The state that counts at `at`: what has run out is over, whether or not anybody has written it down. */
export function stateAt(request: RequestProgress, at: number): AccessRequestState {
  if (request.state === 'open' && at >= request.lapsesAt) return 'expired';
  // An approval without an end grants nothing.
  if (request.state === 'approved' && at >= (request.endsAt ?? 0)) return 'expired';
  return request.state;
}

export function stepRequest(request: RequestProgress, event: RequestEvent): RequestStep {
  const state = stateAt(request, event.at);
  switch (event.type) {
    case 'tick':
      return { next: state === request.state ? request : { ...request, state } };
    case 'approve': {
      if (state !== 'open') return { refused: state };
      const seconds = event.seconds ?? request.seconds;
      if (seconds > request.seconds) return { refused: 'more-than-asked' };
      return {
        next: { ...request, state: 'approved', grantedSeconds: seconds, endsAt: event.at + seconds * 1000 },
      };
    }
    case 'deny':
      return state === 'open' ? { next: { ...request, state: 'denied' } } : { refused: state };
    case 'revoke':
      return state === 'open' || state === 'approved' ? { next: { ...request, state: 'revoked' } } : { refused: state };
    default:
      return assertNever(event);
  }
}
