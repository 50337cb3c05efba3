import type { JournalPiece } from '../../shared/protocol/journal-frames.ts';
import type { CoreContext } from '../context.ts';
import { type JournalTails, MalformedPiece } from '../recordings/tails.ts';
import { MalformedMessage } from './channel.ts';
import type { Channel } from './hub.ts';
import { findSession, grantOf } from './session-store.ts';

/**
 * Takes the pieces of journals that one launcher sends, and acknowledges what is committed. A piece of a session that is not this device's, or that is no piece
 * of a journal, is `MalformedMessage`. What could not be stored is not acknowledged: the launcher asks and sends it again.
 */
export function makeJournalPieces(
  parts: { core: CoreContext; tails: JournalTails },
  deviceId: string,
): (piece: JournalPiece, channel: Channel) => Promise<void> {
  const { core, tails } = parts;
  const own = new Map<string, { id: string; serverNonce: string }>();

  async function ownSession(sessionId: string): Promise<{ id: string; serverNonce: string }> {
    const known = own.get(sessionId);
    if (known !== undefined) return known;
    const session = await findSession(core.reader, sessionId);
    if (session === null || session.device_id !== deviceId)
      throw new MalformedMessage('a journal that is not of this device');
    const found = { id: sessionId, serverNonce: grantOf(session).serverNonce };
    own.set(sessionId, found);
    return found;
  }

  return async (piece, channel) => {
    const session = await ownSession(piece.sessionId);
    try {
      const offset = await tails.take(session, piece);
      if (offset !== null) channel.send({ type: 'frames-acknowledged', sessionId: session.id, offset });
    } catch (error) {
      if (error instanceof MalformedPiece) throw new MalformedMessage(`a piece of a journal with ${error.message}`);
      core.log.error({ err: error, device: deviceId, session: session.id }, 'a piece of a journal could not be stored');
    }
  };
}
