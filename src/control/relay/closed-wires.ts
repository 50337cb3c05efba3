import { sql } from 'kysely';
import type { CoreContext, Writer } from '../context.ts';

export interface ClosedWires {
  /** For the other processes: nothing passes any more, and no order has to wait for it. */
  store(sessionId: string): Promise<void>;
  /** A cut is under way whose times are to be stored first: `storeAgain` leaves the wire alone until `store` was called for it. */
  cutting(sessionId: string): void;
  /** Stores what should be stored already and is not, because the database was away at that moment. Waits for no other transaction. */
  storeAgain(db: Writer): Promise<void>;
}

/** Which wires of this process are closed, as the others learn it. `hasWire`: whether a session has one here, be it only being admitted. */
export function makeClosedWires(core: CoreContext, hasWire: (sessionId: string) => boolean): ClosedWires {
  const me = core.bus.processId;
  const cuts = new Set<string>();

  function update(db: Writer) {
    return db
      .updateTable('sessions')
      .set({ relay_closed_at: core.clock.now(), carried_proof: null })
      .where('relayed_by', '=', me)
      .where('relay_closed_at', 'is', null);
  }

  return {
    async store(sessionId) {
      cuts.delete(sessionId);
      await update(core.writer).where('id', '=', sessionId).execute();
    },
    cutting: (sessionId) => void cuts.add(sessionId),
    async storeAgain(db) {
      const rows = await db
        .selectFrom('sessions')
        .select('id')
        // What nobody waits for may stay as it is: a session that has ended without an order.
        .where('id', 'in', (of) =>
          of
            .selectFrom('sessions')
            .select('id')
            .where('ended_at', 'is', null)
            .union(of.selectFrom('orders').select('session_id as id').where('confirmed_at', 'is', null)),
        )
        .where('relayed_by', '=', me)
        .where('relay_closed_at', 'is', null)
        .execute();
      // Looked at after the database: a session is claimed for its wire after the wire is known here, and for one wire only.
      const closed = rows.map(({ id }) => id).filter((id) => !hasWire(id) && !cuts.has(id));
      if (closed.length === 0) return;
      const free = db
        .selectFrom('sessions')
        .select('id')
        .where('id', '=', sql<string>`any(${closed}::text[])`)
        .forUpdate()
        .skipLocked();
      await update(db).where('id', 'in', free).execute();
    },
  };
}
