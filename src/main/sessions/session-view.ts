import type { EndReason, RecordMode, RouteKind, SessionState } from '../../shared/model/session.ts';
import type { LoginKind } from '../../shared/model/target.ts';
import type { SessionView } from '../../shared/protocol/ipc.ts';
import type { OrderPayload } from '../../shared/protocol/signed.ts';

/** What happens to a session, as its view sees it. Times are epoch milliseconds unless said otherwise. */
export type SessionEvent =
  | {
      type: 'authorised';
      sessionId: string;
      route: RouteKind;
      recordMode: RecordMode;
      address: string;
      maxSeconds: number;
    }
  | { type: 'state'; state: SessionState; atMs: number }
  | { type: 'lease'; untilMs: number }
  | { type: 'head'; bytes: number; syncedAtMs: number }
  | { type: 'receipt'; bytes: number; atMs: number; ended: boolean }
  /** `receivedMs`: from the order's acceptance to its receipt here. */
  | { type: 'kill'; order: OrderPayload; receivedMs: number }
  /** `closedMs`: from the receipt of the order to the closed socket. */
  | { type: 'socket-closed'; closedMs: number }
  | { type: 'ended'; reason: EndReason; complete: boolean; atMs: number };

export interface SessionFacts {
  id: string;
  targetId: string;
  targetName: string;
  address: string;
  login: string;
  production: boolean;
  route: RouteKind;
  credential: LoginKind;
  reason: string | null;
  ticket: string | null;
}

export function newSession(facts: SessionFacts): SessionView & { maxSeconds: number | null } {
  return {
    ...facts,
    sessionId: null,
    recordMode: null,
    state: { state: 'requested' },
    openedAtMs: null,
    endsAtMs: null,
    leaseUntilMs: null,
    endedAtMs: null,
    record: { writtenBytes: 0, syncedAtMs: null, storedBytes: 0, storedAtMs: null, complete: false },
    kill: null,
    maxSeconds: null,
  };
}
export type TrackedSession = ReturnType<typeof newSession>;

/** The order in which a session may move; frozen and open alternate, everything else only goes forward. */
const rank = { requested: 0, authorised: 1, connecting: 2, open: 3, frozen: 3, closing: 4, ended: 5 } as const;

/** The next view. Pure. `ended` is final: afterwards only receipts, a late head and the time of the closed socket are taken. */
export function reduceSession(view: TrackedSession, event: SessionEvent): TrackedSession {
  switch (event.type) {
    case 'authorised':
      if (view.state.state !== 'requested') return view;
      return {
        ...view,
        sessionId: event.sessionId,
        route: event.route,
        recordMode: event.recordMode,
        address: event.address,
        maxSeconds: event.maxSeconds,
        state: { state: 'authorised' },
      };
    case 'state': {
      // The end has its own event: only that one carries what became of the record.
      if (
        event.state.state === 'ended' ||
        rank[event.state.state] < rank[view.state.state] ||
        view.state.state === 'ended'
      )
        return view;
      const openedAtMs = view.openedAtMs ?? (event.state.state === 'open' ? event.atMs : null);
      const endsAtMs =
        view.endsAtMs ?? (openedAtMs !== null && view.maxSeconds !== null ? openedAtMs + view.maxSeconds * 1000 : null);
      return { ...view, state: event.state, openedAtMs, endsAtMs };
    }
    case 'lease':
      return view.state.state === 'ended' ? view : { ...view, leaseUntilMs: event.untilMs };
    case 'head':
      if (event.bytes < view.record.writtenBytes) return view;
      return { ...view, record: { ...view.record, writtenBytes: event.bytes, syncedAtMs: event.syncedAtMs } };
    case 'receipt':
      return {
        ...view,
        record: {
          ...view.record,
          storedBytes: Math.max(view.record.storedBytes, event.bytes),
          storedAtMs: event.atMs,
          complete: view.record.complete || event.ended,
        },
      };
    case 'kill': {
      if (view.kill !== null || view.state.state === 'ended') return view;
      const { orderId, by, reason, requestedAt, lock } = event.order;
      return {
        ...view,
        kill: {
          orderId,
          by: by.name,
          byRole: by.role,
          reason,
          requestedAt,
          receivedMs: event.receivedMs,
          closedMs: null,
          lockId: lock.id,
        },
      };
    }
    case 'socket-closed':
      if (view.kill === null || view.kill.closedMs !== null) return view;
      return { ...view, kill: { ...view.kill, closedMs: view.kill.receivedMs + event.closedMs } };
    case 'ended':
      if (view.state.state === 'ended') return view;
      return { ...view, state: { state: 'ended', reason: event.reason }, endedAtMs: event.atMs };
  }
}

/** The reason that an order stands for. */
export function killedBy(order: OrderPayload): EndReason {
  return {
    kind: 'killed',
    orderId: order.orderId,
    by: order.by.name,
    byRole: order.by.role,
    reason: order.reason,
    at: order.requestedAt,
  };
}

/** What the renderer gets. */
export function toView(tracked: TrackedSession): SessionView {
  const { maxSeconds: _maxSeconds, ...view } = tracked;
  return view;
}
