import type { Transaction } from 'kysely';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Notes } from '../../shared/protocol/review-api.ts';
import type { Actor } from '../actor.ts';
import type { AuditEntry } from '../audit/audit.ts';
import type { CoreContext } from '../context.ts';
import { findReadable } from '../recordings/read.ts';
import type { Database } from '../store/database.ts';
import { hold } from '../store/locks.ts';
import { notesOf } from './notes.ts';

/** What is needed beside reading the recording, and what it is for, in words. */
type Right = { action: 'ReviewRecording' | 'HoldRecording'; to: string } | null;

export interface PutBeside {
  core: CoreContext;
  /** Screens that show the recording should ask again. */
  onChange(): void;
}

/** What a change says of itself in the audit; null: it changed nothing. */
export type Said = Pick<AuditEntry, 'event' | 'detail'> | null;

/** Who acts, as rows keep it. */
export function byOf(actor: Actor): { by_id: string; by_name: string } {
  return { by_id: actor.userId, by_name: actor.name };
}

/**
 * Changes what is beside a recording, and its audit event with it, one change of it at a time. Resolves to all that is beside it then. Throws SP-3001 where the recording may
 * not be read, SP-5003 where it may but not this, or needs a right and is a recording of one's own, and what `change` throws.
 */
export async function putBeside(
  { core, onChange }: PutBeside,
  actor: Actor,
  what: { sessionId: string; right: Right },
  change: (trx: Transaction<Database>) => Promise<Said>,
): Promise<Notes> {
  const { sessionId, right } = what;
  const { resource } = await findReadable(core, actor, sessionId);
  if (right !== null) {
    if (resource.ownerId === actor.userId)
      throw new SallyportError(
        'SP-5003',
        `This is a recording of your own session, so it is not for you to ${right.to}, whatever rules say. Nothing was changed. Ask someone else who may.`,
      );
    const { allowed } = await core.policy.decide(actor, { action: right.action, resource });
    if (!allowed)
      throw new SallyportError(
        'SP-5003',
        `No access rule lets you ${right.to}. Nothing was changed. Ask someone whose role may.`,
      );
  }
  const writeLine = await core.writer.transaction().execute(async (trx) => {
    await hold(trx, { kind: 'recording', sessionId });
    const said = await change(trx);
    return said === null ? null : core.audit.recordWithin(trx, { ...said, actor: actor.userId, subject: sessionId });
  });
  await writeLine?.();
  if (writeLine !== null) onChange();
  return notesOf(core, actor, resource);
}
