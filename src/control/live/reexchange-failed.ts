import type { EndReason } from '../../shared/model/session.ts';
import type { CoreContext } from '../context.ts';
import type { SessionRow } from './session-store.ts';

/**
 * Notes that a target could not exchange keys a second time, on the word of the launcher that was logged in to it: sessions to it are granted without anchors from
 * then on (recording-rules.ts), until an apply changes the target. The audit log says who said so. A session that never had its login, or that was open, says nothing of
 * the kind.
 */
export async function noteReexchangeFailed(core: CoreContext, session: SessionRow, said: EndReason): Promise<void> {
  if (said.kind !== 'connect-failed' || said.problem.code !== 'SP-2045') return;
  if (session.login_signed_at === null || session.opened_at !== null) return;
  const { numUpdatedRows } = await core.writer
    .updateTable('targets')
    .set({ reexchange_failed_at: core.clock.now() })
    .where('id', '=', session.target_id)
    .where('reexchange_failed_at', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  await core.audit.record({
    event: 'target.reexchange-failed',
    actor: session.user_id,
    subject: session.target_id,
    detail: { session: session.id, device: session.device_id },
  });
}
