import { recordingRulesSchema } from '../../shared/protocol/control-api.ts';
import type { CoreContext, Reader } from '../context.ts';

/** Whether the organisation lets text be kept readable for search. Off before the first apply, which says who may read what. */
export async function isSearchOn(db: Reader): Promise<boolean> {
  const organisation = await db.selectFrom('organisation').select('recording').executeTakeFirst();
  return organisation !== undefined && recordingRulesSchema.parse(organisation.recording).search === 'on';
}

/** Deletes all that is in the index, and notes that it is there no more. An audit event when there was any. */
export async function purgeIndex(core: CoreContext): Promise<void> {
  const block = await core.reader.selectFrom('search_blocks').select('session_id').limit(1).executeTakeFirst();
  const settled = await core.reader
    .selectFrom('recording_segments')
    .select('session_id')
    .where('stream', '=', 'text')
    .where('indexed_at', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  if (block === undefined && settled === undefined) return;
  const writeLine = await core.writer.transaction().execute(async (trx) => {
    await trx.deleteFrom('search_blocks').execute();
    const { numUpdatedRows } = await trx
      .updateTable('recording_segments')
      .set({ indexed_at: null, index_problem: null, index_tries: 0, index_tried_at: null })
      .where('stream', '=', 'text')
      .where('indexed_at', 'is not', null)
      .executeTakeFirst();
    return core.audit.recordWithin(trx, {
      event: 'search.purged',
      actor: 'server',
      subject: null,
      detail: { segments: Number(numUpdatedRows) },
    });
  });
  await writeLine();
}
