import type { Clock, Writer } from '../context.ts';

/** What the relay last saw of a target, for the list of targets. Failures keep the time of the first of their row. */
export interface Reachability {
  failed(targetId: string, problem: { code: string; message: string }): Promise<void>;
  succeeded(targetId: string): Promise<void>;
}

export function makeReachability(db: Writer, clock: Clock): Reachability {
  return {
    async failed(targetId, { code, message }) {
      await db
        .insertInto('unreachable_targets')
        .values({ target_id: targetId, since: clock.now(), code, message })
        .onConflict((conflict) => conflict.column('target_id').doUpdateSet({ code, message }))
        .execute();
    },
    async succeeded(targetId) {
      await db.deleteFrom('unreachable_targets').where('target_id', '=', targetId).execute();
    },
  };
}
