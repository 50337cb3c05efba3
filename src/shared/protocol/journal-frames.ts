/**
 * A piece of a journal as it goes up the control channel: one binary WebSocket message.
 *
 *   version      1  1
 *   session id  16  the UUID's bytes
 *   offset       8  unsigned, big-endian: where in the journal's file the piece begins
 *   piece        -  the header line, or whole frames (shared/record/journal.ts), as they stand in the file
 *
 * The header line is a piece of its own; no frame is cut. The launcher sends in the order of the file and has at most `unacknowledgedAtMost` bytes under way per
 * session. What stored segments cover it may leave out: the next piece then begins with a keys frame before which all is stored. What the server does not keep (it
 * is not the next one, or there is no room) it does not acknowledge; whoever waits too long asks for the position and goes on there.
 */
export const pieceVersion = 1;
export const pieceHeadBytes = 25;
export const pieceBytesAtMost = 262_144;
export const unacknowledgedAtMost = 1_048_576;

export interface JournalPiece {
  sessionId: string;
  offset: number;
  bytes: Uint8Array;
}

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The message for a piece. Throws RangeError for a session id that is no UUID in lower case. */
export function formatPiece({ sessionId, offset, bytes }: JournalPiece): Uint8Array {
  if (!uuidPattern.test(sessionId)) throw new RangeError('a session id that is no UUID');
  const out = new Uint8Array(pieceHeadBytes + bytes.length);
  const hex = sessionId.replaceAll('-', '');
  out[0] = pieceVersion;
  for (let at = 0; at < 16; at += 1) out[1 + at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  new DataView(out.buffer).setBigUint64(17, BigInt(offset));
  out.set(bytes, pieceHeadBytes);
  return out;
}

/** What a message holds, or null when it has another form. The bytes are a view of the message's. */
export function parsePiece(message: Uint8Array): JournalPiece | null {
  if (message.length <= pieceHeadBytes || message.length > pieceHeadBytes + pieceBytesAtMost) return null;
  if (message[0] !== pieceVersion) return null;
  const hex = Array.from(message.subarray(1, 17), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const offset = new DataView(message.buffer, message.byteOffset).getBigUint64(17);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  const sessionId = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return { sessionId, offset: Number(offset), bytes: message.subarray(pieceHeadBytes) };
}
