import { sql } from 'kysely';
import { recordingRulesSchema } from '../../shared/protocol/control-api.ts';
import { wireDirections, wireFile } from '../../shared/record/wire.ts';
import type { CoreContext } from '../context.ts';
import { hold } from '../store/locks.ts';
import type { ObjectStore } from './object-store.ts';

const atOnce = 100;
const dayMs = 86_400_000;

const isHeld = sql<boolean>`exists (select from recording_holds where recording_holds.session_id = sessions.id and lifted_at is null)`;

/**
 * Deletes the wires whose time is over: so many days after the session's end as the organisation's rules say now, and of no recording under legal hold. The heads
 * stay, and so do the receipts that name them. Resolves to how many there were. Throws SP-5010.
 */
export async function releaseWires(core: CoreContext, store: Pick<ObjectStore, 'remove'>): Promise<number> {
  const organisation = await core.reader.selectFrom('organisation').select('recording').executeTakeFirst();
  if (organisation === undefined) return 0;
  const { days } = recordingRulesSchema.parse(organisation.recording).wire;
  const due = await core.reader
    .selectFrom('wires')
    .innerJoin('sessions', 'sessions.id', 'wires.session_id')
    .select(['wires.session_id as id', 'sessions.ended_at'])
    .where('wires.stored_at', 'is not', null)
    .where('wires.released_at', 'is', null)
    .where((where) => where.not(isHeld))
    .where('sessions.ended_at', '<', new Date(core.clock.now().getTime() - days * dayMs))
    .orderBy('sessions.ended_at')
    .limit(atOnce)
    .execute();
  let released = 0;
  for (const { id } of due) {
    const writeLine = await core.writer.transaction().execute(async (trx) => {
      // Whoever puts it under hold takes this too: then, or before.
      await hold(trx, { kind: 'recording', sessionId: id });
      const held = await trx
        .selectFrom('recording_holds')
        .select('id')
        .where('session_id', '=', id)
        .where('lifted_at', 'is', null)
        .executeTakeFirst();
      if (held !== undefined) return null;
      // Gone first, then said: a crash in between repeats a deletion of nothing.
      for (const direction of wireDirections) await store.remove(`${id}/${wireFile(direction)}`);
      const { numUpdatedRows } = await trx
        .updateTable('wires')
        .set({ released_at: core.clock.now() })
        .where('session_id', '=', id)
        // Of several servers that look at once, one says it.
        .where('released_at', 'is', null)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) return null;
      return core.audit.recordWithin(trx, {
        event: 'recording.wire-released',
        actor: 'server',
        subject: id,
        detail: { days },
      });
    });
    if (writeLine !== null) released += 1;
    await writeLine?.();
  }
  return due.length === atOnce ? released + (await releaseWires(core, store)) : released;
}
