import { randomUUID } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Notes } from '../../shared/protocol/review-api.ts';
import type { Actor } from '../actor.ts';
import { byOf, type PutBeside, putBeside } from './put-beside.ts';

/** Marks a recording as reviewed, or takes that back. Throws SP-3001, SP-5003. */
export function setReviewed(
  parts: PutBeside,
  actor: Actor,
  sessionId: string,
  { reviewed, note }: { reviewed: boolean; note: string },
): Promise<Notes> {
  const right = { action: 'ReviewRecording', to: 'mark this recording as reviewed' } as const;
  return putBeside(parts, actor, { sessionId, right }, async (trx) => {
    if (!reviewed) {
      const { numDeletedRows } = await trx
        .deleteFrom('recording_reviews')
        .where('session_id', '=', sessionId)
        .executeTakeFirst();
      return numDeletedRows === 0n ? null : { event: 'recording.review-withdrawn', detail: { note } };
    }
    const values = { note, ...byOf(actor), at: parts.core.clock.now() };
    await trx
      .insertInto('recording_reviews')
      .values({ session_id: sessionId, ...values })
      .onConflict((conflict) => conflict.column('session_id').doUpdateSet(values))
      .execute();
    return { event: 'recording.reviewed', detail: { note } };
  });
}

/**
 * Puts a recording under legal hold, or lifts that; what there was stays with its reasons. A deletion takes the same lock: it either came before, or finds
 * the hold. Throws SP-3001, SP-3041 (it is so already), SP-5003.
 */
export function setHold(
  parts: PutBeside,
  actor: Actor,
  sessionId: string,
  { hold, reason }: { hold: boolean; reason: string },
): Promise<Notes> {
  const right = {
    action: 'HoldRecording',
    to: hold ? 'put this recording under legal hold' : 'lift the legal hold of this recording',
  } as const;
  return putBeside(parts, actor, { sessionId, right }, async (trx) => {
    const now = parts.core.clock.now();
    const found = await trx
      .selectFrom('recording_holds')
      .select(['id', 'by_name', 'at', 'reason'])
      .where('session_id', '=', sessionId)
      .where('lifted_at', 'is', null)
      .executeTakeFirst();
    if (hold) {
      if (found !== undefined)
        throw new SallyportError(
          'SP-3041',
          `This recording is under legal hold already: by ${found.by_name}, since ${found.at.toISOString().slice(0, 10)}, "${found.reason}". Nothing was changed.`,
        );
      const id = randomUUID();
      await trx
        .insertInto('recording_holds')
        .values({ id, session_id: sessionId, reason, ...byOf(actor), at: now, ...neverLifted })
        .execute();
      return { event: 'recording.held', detail: { hold: id, reason } };
    }
    if (found === undefined)
      throw new SallyportError(
        'SP-3041',
        'This recording is not under legal hold, so there is nothing to lift. Load its notes again.',
      );
    await trx
      .updateTable('recording_holds')
      .set({ lifted_at: now, lifted_by: actor.userId, lifted_by_name: actor.name, lift_reason: reason })
      .where('id', '=', found.id)
      .execute();
    return { event: 'recording.hold-lifted', detail: { hold: found.id, reason, heldBecause: found.reason } };
  });
}

const neverLifted = { lifted_at: null, lifted_by: null, lifted_by_name: null, lift_reason: null };
