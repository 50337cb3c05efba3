/**
 * As much of a zstd frame (RFC 8878 section 3.1.1) as bounds what it can become: a decoder without a limit of its own must not meet a bomb.
 */
const magic = 0xfd2fb528;
const blockBytesAtMost = 131_072;
/** Encoders split blocks below their limit, so the sum of what compressed blocks might hold is bounded loosely. */
const looseness = 16;

/** Bytes of the frame header after the magic number, and the content size it declares. */
function readFrameHeader(data: Buffer): { length: number; contentSize: number | null } {
  const descriptor = data.readUInt8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  if (sizeBytes === 0) return { length: at, contentSize: null };
  const contentSize =
    sizeBytes === 8 ? Number(data.readBigUInt64LE(at)) : data.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  return { length: at + sizeBytes, contentSize };
}

/** True when `data` is exactly one zstd frame that cannot become much more than `atMost` bytes. Never throws. */
export function isBoundedFrame(data: Uint8Array, atMost: number): boolean {
  const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  try {
    if (buffer.readUInt32LE(0) !== magic) return false;
    const { length, contentSize } = readFrameHeader(buffer);
    if (contentSize !== null && contentSize > atMost) return false;
    let at = length;
    let most = 0;
    for (;;) {
      const head = buffer.readUIntLE(at, 3);
      const size = head >> 3;
      const type = (head >> 1) & 3;
      if (type === 3 || size > blockBytesAtMost) return false;
      most += type === 2 ? blockBytesAtMost : size;
      if (most > atMost * looseness) return false;
      at += 3 + (type === 1 ? 1 : size);
      if ((head & 1) === 1) break;
    }
    const checksumBytes = (buffer.readUInt8(4) & 4) === 0 ? 0 : 4;
    return at + checksumBytes === buffer.length;
  } catch {
    return false;
  }
}
