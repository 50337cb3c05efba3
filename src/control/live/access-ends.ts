import { closeCodes } from '../../shared/protocol/control-channel.ts';
import type { Broker } from '../broker/broker.ts';
import type { CoreContext } from '../context.ts';
import { findPerson } from '../identity/people.ts';
import type { Relay } from '../relay/relay.ts';
import type { Leases } from './leases.ts';
import type { SessionEnds } from './session-ends.ts';
import type { SessionRow } from './session-store.ts';
import { mayStillConnect } from './still-allowed.ts';

export interface AccessEnds {
  /** An access request was revoked: what was opened under it ends. */
  revoked(requestId: string): Promise<void>;
  /** People, targets or policies changed: sessions that nobody would be granted any more end. */
  recheck(): Promise<void>;
}

/**
 * Ends running sessions whose right is gone. Of a relayed one the wire is cut here and now; a direct one gets no lease any more, and ends with the one it
 * holds: best effort, as everything that is direct. Each control process does so for what it carries.
 */
export function makeAccessEnds(parts: {
  core: CoreContext;
  broker: Broker;
  leases: Leases;
  relay: Relay;
  ends: SessionEnds;
}): AccessEnds {
  const { core, broker, leases, relay, ends } = parts;

  async function end(session: SessionRow, code: number, why: string, store: () => Promise<void>): Promise<void> {
    leases.stop(session.id);
    broker.forget(session.id);
    if (session.route === 'direct') return;
    relay.end(session.id, code, why, true);
    await store();
  }

  return {
    async revoked(requestId) {
      const sessions = await core.reader
        .selectFrom('sessions')
        .selectAll()
        .where('access_request_id', '=', requestId)
        .where('ended_at', 'is', null)
        .execute();
      await forEach(sessions, (session) =>
        end(session, closeCodes.accessOver, 'the access was revoked', () => ends.accessOver(session.id)),
      );
    },
    async recheck() {
      const sessions = await core.reader.selectFrom('sessions').selectAll().where('ended_at', 'is', null).execute();
      await forEach(sessions, async (session) => {
        const person = await findPerson(core.reader, session.user_id);
        // Whoever is gone loses their devices, and everything with them.
        if (person === null || (await mayStillConnect(core, person, session))) return;
        await end(session, closeCodes.leaseExpired, 'no access rule lets you connect any more', () =>
          ends.lapsed(session.id),
        );
      });
    },
  };
}

/** One session that cannot be ended keeps no other running. Throws the first failure, after all: then it is tried again. */
async function forEach(sessions: readonly SessionRow[], work: (session: SessionRow) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const session of sessions) await work(session).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
