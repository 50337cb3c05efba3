import type { CoreContext } from '../context.ts';
import { grantOf } from '../live/session-store.ts';
import { factsOf } from './read.ts';
import { arrivalGraceMs, neverLoggedIn, standingOf } from './views.ts';

export interface MissingWatch {
  /** Looks now; resolves when what is missing is recorded. */
  look(): Promise<void>;
  /** Resolves when a look that is under way is done. */
  close(): Promise<void>;
}

const atOnce = 100;

/**
 * A recording that does not come would be noticed by nobody: once a session has ended for `arrivalMs` without the end of its manifest, that is an
 * audit event, once. It may still come afterwards.
 */
export function startMissingWatch(core: CoreContext, onFound: () => void): MissingWatch {
  const { arrivalMs } = core.config.limits;

  async function lookOnce(): Promise<void> {
    const due = new Date(core.clock.now().getTime() - arrivalMs);
    const ended = await core.reader
      .selectFrom('sessions')
      .selectAll()
      .where('ended_at', '<', due)
      .where('incomplete_alerted_at', 'is', null)
      .orderBy('ended_at')
      .limit(atOnce)
      .execute();
    for (const facts of await factsOf(core, ended)) {
      const { session } = facts;
      const waited = (session.ended_at?.getTime() ?? 0) + arrivalGraceMs;
      const { state, because } = standingOf(facts, new Date(Math.max(core.clock.now().getTime(), waited)));
      // An uploaded journal was an event of its own, and where nobody was logged in nothing is missing.
      const silent = state !== 'complete' && facts.journal === null && !neverLoggedIn(facts);
      const writeLine = await core.writer.transaction().execute(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable('sessions')
          .set({ incomplete_alerted_at: core.clock.now() })
          .where('id', '=', session.id)
          // Of several processes that look at once, one says it.
          .where('incomplete_alerted_at', 'is', null)
          .executeTakeFirst();
        if (!silent || numUpdatedRows !== 1n) return null;
        const { target } = grantOf(session);
        return core.audit.recordWithin(trx, {
          event: 'recording.incomplete',
          actor: session.user_id,
          subject: session.id,
          detail: { because, target: target.name, device: session.device_id },
        });
      });
      await writeLine?.();
      if (silent) onFound();
    }
    if (ended.length === atOnce) await lookOnce();
  }

  let looking: Promise<void> = Promise.resolve();
  function look(): Promise<void> {
    looking = looking.then(lookOnce).catch((error: unknown) => {
      core.log.error({ err: error }, 'recordings that are late could not be looked up');
    });
    return looking;
  }

  const timer = setInterval(() => void look(), Math.min(60_000, arrivalMs));
  timer.unref();
  return {
    look,
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}
