import type { EndReason } from '../../shared/model/session.ts';
import { endReasonText } from '../../shared/record/end-reason.ts';
import type { Broker } from '../broker/broker.ts';
import type { CoreContext } from '../context.ts';
import type { Hub } from './hub.ts';
import type { Leases } from './leases.ts';
import { findSession, type SessionRow } from './session-store.ts';

export interface SessionEnds {
  opened(session: SessionRow): Promise<void>;
  /** The launcher's account of the end. It replaces what the server had to assume. */
  endedByLauncher(session: SessionRow, reason: EndReason): Promise<void>;
  /** The lease ran out: cut, and counted as ended whatever the launcher does. */
  lapsed(sessionId: string): Promise<void>;
}

/** Opening and ending of sessions, once each, however often it is reported. `onEnd` cuts what is still connected. */
export function makeSessionEnds(parts: {
  core: CoreContext;
  broker: Broker;
  leases: Leases;
  hub: Hub;
  onEnd(sessionId: string, by: 'launcher' | 'server'): void;
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

  function close(session: SessionRow, by: 'launcher' | 'server'): void {
    leases.forget(session.id);
    broker.forget(session.id);
    parts.onEnd(session.id, by);
    hub.changed(['sessions', 'recordings']);
    hub.changed(['targets'], session.user_id);
  }

  return {
    async opened(session) {
      leases.opened(session.id);
      const { numUpdatedRows } = await core.writer
        .updateTable('sessions')
        .set({ opened_at: core.clock.now() })
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
    async endedByLauncher(session, reason) {
      const { numUpdatedRows } = await core.writer
        .updateTable('sessions')
        .set((expression) => ({
          ended_at: expression.fn.coalesce('ended_at', expression.val(core.clock.now())),
          end_reason: JSON.stringify(reason),
          ended_by: 'launcher',
        }))
        .where('id', '=', session.id)
        .where((where) => where.or([where('ended_by', 'is', null), where('ended_by', '=', 'server')]))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return;
      close(session, 'launcher');
      await core.audit.record({
        event: 'session.ended',
        actor: session.user_id,
        subject: session.id,
        detail: { reason: endReasonText(reason) },
      });
    },
    async lapsed(sessionId) {
      const reason: EndReason = (await killReason(sessionId)) ?? { kind: 'lease-expired' };
      const session = await findSession(core.reader, sessionId);
      const { numUpdatedRows } = await core.writer
        .updateTable('sessions')
        .set({ ended_at: core.clock.now(), end_reason: JSON.stringify(reason), ended_by: 'server' })
        .where('id', '=', sessionId)
        .where('ended_at', 'is', null)
        .executeTakeFirst();
      if (session === null || numUpdatedRows === 0n) return;
      close(session, 'server');
      await core.audit.record({
        event: 'session.lease-expired',
        actor: 'server',
        subject: sessionId,
        detail: { user: session.user_id, device: session.device_id },
      });
      await core.audit.record({
        event: 'session.ended',
        actor: 'server',
        subject: sessionId,
        detail: { reason: endReasonText(reason) },
      });
    },
  };
}
