/** Splits the files of a recording into the pieces that a fault may hit one by one. Joined they are the file again. */

/** Lines with their line feeds. */
export function linesOf(file: Buffer): Buffer[] {
  return (file.toString('latin1').match(/[^\n]*\n|[^\n]+$/g) ?? []).map((line) => Buffer.from(line, 'latin1'));
}

/** A journal: its header line, then its frames (length, 4 bytes; what follows). */
export function framesOf(journal: Buffer): Buffer[] {
  let at = journal.indexOf(0x0a) + 1;
  const pieces = [journal.subarray(0, at)];
  while (at < journal.length) {
    const next = at + 4 + journal.readUInt32BE(at);
    pieces.push(journal.subarray(at, next));
    at = next;
  }
  return pieces;
}

const newKeys = 21;
const tagBytes = 16;

/** One direction of a wire: the identification line, packets in clear up to SSH_MSG_NEWKEYS (RFC 4253 section 6), then those of AES-GCM (RFC 5647). */
export function packetsOf(wire: Buffer): Buffer[] {
  let at = wire.indexOf(0x0a) + 1;
  const pieces = [wire.subarray(0, at)];
  let clear = true;
  while (at < wire.length) {
    const next = at + 4 + wire.readUInt32BE(at) + (clear ? 0 : tagBytes);
    pieces.push(wire.subarray(at, next));
    if (clear && wire[at + 5] === newKeys) clear = false;
    at = next;
  }
  return pieces;
}
