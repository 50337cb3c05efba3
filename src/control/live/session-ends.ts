import { sql } from 'kysely';
import type { EndReason } from '../../shared/model/session.ts';
import { endReasonText } from '../../shared/record/end-reason.ts';
import type { Broker } from '../broker/broker.ts';
import type { EndOfWire } from '../bus/topics.ts';
import type { CoreContext } from '../context.ts';
import { stillGranted } from '../requests/grants.ts';
import type { Hub } from './hub.ts';
import { leaseRanOut } from './lease-store.ts';
import type { Leases } from './leases.ts';
import { noteReexchangeFailed } from './reexchange-failed.ts';
import { findSession, type SessionRow } from './session-store.ts';

export interface SessionEnds {
  opened(session: SessionRow): Promise<void>;
  /**
   * The launcher's account of the end. It replaces what the server had to assume, but not an order: a session that was ordered to end was killed, and
   * one without an order was not. `at`, ISO 8601, is believed between the opening and now: an end may be told hours late.
   */
  endedByLauncher(session: SessionRow, reason: EndReason, at: string): Promise<void>;
  /** A launcher that is back lists what it runs: an open session of its device that is not among it has ended with its process. */
  missing(deviceId: string, running: readonly string[]): Promise<void>;
  /** The lease ran out: cut, and counted as ended whatever the launcher does. */
  lapsed(sessionId: string): Promise<void>;
  /** By this process's count. Where others have part in leases theirs may know better: then nothing ends. */
  ranOut(sessionId: string): Promise<void>;
  /** Another process ended it: what this one has of it goes. */
  heard(sessionId: string, how: EndOfWire): void;
  /** The access under which it was opened was revoked or ran out: the same, as the end of its time. */
  accessOver(sessionId: string): Promise<void>;
}

const killedWithoutOrder: EndReason = {
  kind: 'process-crashed',
  problem: {
    code: 'SP-9002',
    message:
      'The launcher said that this session was killed, but nobody ordered that. Look at its recording and at the device.',
  },
};

const processGone: EndReason = {
  kind: 'process-crashed',
  problem: {
    code: 'SP-9003',
    message: 'The launcher came back without this session: its process has ended. The record comes from its journal.',
  },
};

/** The device's time of an end, or null when it cannot be: what is no time, or outside the session's life. */
export function timeOfEnd(session: Pick<SessionRow, 'granted_at' | 'opened_at'>, at: string, now: Date): Date | null {
  const time = Date.parse(at);
  return time >= (session.opened_at ?? session.granted_at).getTime() && time <= now.getTime() ? new Date(time) : null;
}

const wireEnds: Partial<Record<EndReason['kind'], EndOfWire>> = {
  'lease-expired': 'lease-expired',
  'time-limit': 'access-over',
};

/** Opening and ending of sessions, once each, however often it is reported. `onEnd` cuts what is still connected. */
export function makeSessionEnds(parts: {
  core: CoreContext;
  broker: Broker;
  leases: Leases;
  hub: Hub;
  onEnd(sessionId: string, how: EndOfWire): void;
}): SessionEnds {
  const { core, broker, leases, hub } = parts;

  async function killReason(sessionId: string): Promise<EndReason | null> {
    const order = await core.reader
      .selectFrom('orders')
      .selectAll()
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    if (order === undefined) return null;
    const { id, by_name, by_role, reason, requested_at } = order;
    return { kind: 'killed', orderId: id, by: by_name, byRole: by_role, reason, at: requested_at.toISOString() };
  }

  /** Whether the time of the access that a session was opened under is over. */
  async function timeIsOver(sessionId: string): Promise<boolean> {
    const session = await findSession(core.reader, sessionId);
    const under = session?.access_request_id ?? null;
    return under !== null && !(await stillGranted(core.reader, under, core.clock.now()));
  }

  function heard(sessionId: string, how: EndOfWire): void {
    leases.forget(sessionId);
    broker.forget(sessionId);
    parts.onEnd(sessionId, how);
  }

  // In every process: the wire may be in any.
  core.bus.subscribe('session-ended', ({ sessionId, how }) => heard(sessionId, how));

  function close(session: SessionRow, how: EndOfWire): void {
    core.bus.publish('session-ended', { sessionId: session.id, how });
    hub.changed(['sessions', 'recordings']);
    hub.changed(['targets'], session.user_id);
  }

  async function endedByServer(sessionId: string, assumed: EndReason, onlyIfRanOut = false): Promise<void> {
    const reason = (await killReason(sessionId)) ?? assumed;
    const session = await findSession(core.reader, sessionId);
    const { numUpdatedRows } = await core.writer
      .updateTable('sessions')
      .set({ ended_at: core.clock.now(), end_reason: JSON.stringify(reason), ended_by: 'server' })
      .where('id', '=', sessionId)
      .where('ended_at', 'is', null)
      .$if(onlyIfRanOut, (update) => update.where(leaseRanOut))
      .executeTakeFirst();
    if (session === null || numUpdatedRows === 0n) return;
    close(session, wireEnds[assumed.kind] ?? 'process-gone');
    if (assumed.kind === 'lease-expired') {
      await core.audit.record({
        event: 'session.lease-expired',
        actor: 'server',
        subject: sessionId,
        detail: { user: session.user_id, device: session.device_id },
      });
    }
    await core.audit.record({
      event: 'session.ended',
      actor: 'server',
      subject: sessionId,
      detail: { reason: endReasonText(reason) },
    });
  }

  async function endWithLease(sessionId: string, onlyIfRanOut: boolean): Promise<void> {
    const kind = (await timeIsOver(sessionId)) ? 'time-limit' : 'lease-expired';
    await endedByServer(sessionId, { kind }, onlyIfRanOut);
  }

  return {
    async opened(session) {
      leases.opened(session.id);
      const { numUpdatedRows } = await core.writer
        .updateTable('sessions')
        .set({ opened_at: core.clock.now(), heard_at: sql<Date>`now()` })
        .where('id', '=', session.id)
        .where('opened_at', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      await core.audit.record({
        event: 'session.opened',
        actor: session.user_id,
        subject: session.id,
        detail: { device: session.device_id },
      });
      hub.changed(['sessions']);
    },
    async endedByLauncher(session, said, at) {
      const now = core.clock.now();
      const told = timeOfEnd(session, at, now);
      const reason = (await killReason(session.id)) ?? (said.kind === 'killed' ? killedWithoutOrder : said);
      const { numUpdatedRows } = await core.writer
        .updateTable('sessions')
        .set((expression) => ({
          ended_at: told ?? expression.fn.coalesce('ended_at', expression.val(now)),
          end_reason: JSON.stringify(reason),
          ended_by: 'launcher',
        }))
        .where('id', '=', session.id)
        .where((where) => where.or([where('ended_by', 'is', null), where('ended_by', '=', 'server')]))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      close(session, 'by-launcher');
      await core.audit.record({
        event: 'session.ended',
        actor: session.user_id,
        subject: session.id,
        detail: { reason: endReasonText(reason), ...(reason.kind === said.kind ? {} : { said: endReasonText(said) }) },
      });
      await noteReexchangeFailed(core, session, said);
    },
    async missing(deviceId, running) {
      const open = await core.reader
        .selectFrom('sessions')
        .select('id')
        .where('device_id', '=', deviceId)
        .where('ended_at', 'is', null)
        // Before its opening a session may be granted and not yet in the launcher's list.
        .where('opened_at', 'is not', null)
        .execute();
      for (const { id } of open) if (!running.includes(id)) await endedByServer(id, processGone);
    },
    lapsed: (sessionId) => endWithLease(sessionId, false),
    ranOut: (sessionId) => endWithLease(sessionId, core.shared !== null),
    heard,
    async accessOver(sessionId) {
      await endedByServer(sessionId, { kind: 'time-limit' });
    },
  };
}
