import type { Readable } from 'node:stream';
import { SallyportError } from '../../shared/errors/result.ts';
import { type WireDirection, wireFile } from '../../shared/record/wire.ts';
import type { Actor } from '../actor.ts';
import { auditRead, findReadable, notStoredYet, type ReadParts } from './read.ts';

/**
 * One direction of a stored wire, as it crossed: enciphered but for its first key exchange. A stream, since it may be larger than memory. The read is an audit event. Throws
 * SP-3001; SP-3032 while it is not stored, and when it was deleted.
 */
export async function getWire(
  { core, store }: ReadParts,
  actor: Actor,
  sessionId: string,
  direction: WireDirection,
): Promise<{ bytes: number; stream: Readable }> {
  await findReadable(core, actor, sessionId, 'ReadRecording');
  const wire = await core.reader
    .selectFrom('wires')
    .select(['stored_at', 'released_at'])
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  if (wire === undefined)
    throw new SallyportError('SP-3032', 'No wire was kept of this session, and none will come. Verify it without.');
  if (wire.released_at !== null)
    throw new SallyportError(
      'SP-3032',
      `The wire of this recording was deleted at ${wire.released_at.toISOString()}, as your organisation keeps them no longer. Its digests are in the receipts.`,
    );
  const found = wire.stored_at === null ? null : await store.open(`${sessionId}/${wireFile(direction)}`);
  if (found === null) throw notStoredYet('The wire');
  try {
    await auditRead(core, actor, sessionId, wireFile(direction));
  } catch (error) {
    found.stream.destroy();
    throw error;
  }
  return found;
}
