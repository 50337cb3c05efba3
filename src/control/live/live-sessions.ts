import type { LiveSession } from '../../shared/protocol/control-api.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import type { Leases, LiveHead } from './leases.ts';
import { grantOf, ownedResource, type SessionRow } from './session-store.ts';

/** As of the last renewal: the launcher talks to another process. */
function storedHead({ head_output_bytes, head_input_bytes, heard_at }: SessionRow): LiveHead | null {
  if (head_output_bytes === null || head_input_bytes === null || heard_at === null) return null;
  return { outputBytes: head_output_bytes, inputBytes: head_input_bytes, at: heard_at };
}

/** Running sessions this person may see: their own, and those that access rules show; newest first. */
export async function listLiveSessions(core: CoreContext, leases: Leases, actor: Actor): Promise<LiveSession[]> {
  const sessions = await core.reader
    .selectFrom('sessions')
    .selectAll()
    .where('ended_at', 'is', null)
    .orderBy('granted_at', 'desc')
    .execute();
  const targets = await core.reader.selectFrom('targets').selectAll().execute();
  const targetOf = new Map(targets.map((row) => [row.id, row]));
  const all = sessions.flatMap((session) => {
    const target = targetOf.get(session.target_id);
    return target === undefined ? [] : [{ session, resource: ownedResource(session, target) }];
  });
  const decisions = await core.policy.decideMany(
    actor,
    all.map(({ resource }) => ({ action: 'SeeSessions' as const, resource })),
  );
  return all
    .filter(({ session }, index) => session.user_id === actor.userId || decisions[index]?.allowed === true)
    .map(({ session }) => {
      const { user, target } = grantOf(session);
      const head = leases.latestHead(session.id) ?? storedHead(session);
      return {
        sessionId: session.id,
        user,
        target: { id: target.id, name: target.name },
        login: session.login,
        route: session.route,
        startedAt: (session.opened_at ?? session.granted_at).toISOString(),
        state: session.opened_at === null ? 'authorised' : 'open',
        head:
          head === null
            ? null
            : { outputBytes: head.outputBytes, inputBytes: head.inputBytes, at: head.at.toISOString() },
      };
    });
}
