import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { auditRead, findReadable, notStoredYet } from './read.ts';
import { readTail } from './tails.ts';

/**
 * What the server holds of the journal of a session that is not stored whole, still sealed: the header line, then frames, of which the first may be a keys frame.
 * The read is an audit event. Throws SP-3001, SP-3032.
 */
export async function getTail(core: CoreContext, actor: Actor, sessionId: string): Promise<Buffer> {
  await findReadable(core, actor, sessionId, 'ReadRecording');
  const bytes = await readTail(core.reader, sessionId);
  if (bytes === null) throw notStoredYet('The tail');
  await auditRead(core, actor, sessionId, 'tail');
  return bytes;
}
