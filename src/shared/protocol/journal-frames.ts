/**
 * A piece of a journal as it goes up the control channel: one binary WebSocket message.
 *
 *   version      1  1
 *   session id  16  the UUID's bytes
 *   offset       8  unsigned, big-endian: where in the journal's file the piece begins
 *   piece        -  the header line, or whole frames (shared/record/journal.ts), as they stand in the file
 *
 * The launcher sends in the order of the file and has at most `unacknowledgedAtMost` bytes under way per session. What stored segments cover it may leave out.
 */
export const pieceVersion = 1;
export const pieceHeadBytes = 25;
export const pieceBytesAtMost = 262_144;
export const unacknowledgedAtMost = 1_048_576;
