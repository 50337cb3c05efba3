import { SallyportError } from '../../shared/errors/result.ts';
import { listLiveSessions } from '../live/live-sessions.ts';
import { openSession as open } from '../live/open-session.ts';
import { defineRoute } from './route.ts';

export const openSession = defineRoute('openSession', async (context, { actor, body }) => {
  const { broker, leases, hub } = context.services;
  try {
    const answer = await open({ core: context, broker, leases }, actor, body);
    hub.changed(['sessions']);
    return answer;
  } catch (error) {
    if (error instanceof SallyportError) {
      const detail = { code: error.code, target: body.targetId, login: body.login, device: actor.device?.id ?? null };
      await context.audit.record({ event: 'session.refused', actor: actor.userId, subject: body.targetId, detail });
    }
    throw error;
  }
});

export const listSessions = defineRoute('listSessions', async (context, { actor }) => ({
  sessions: await listLiveSessions(context, context.services.leases, actor),
}));
