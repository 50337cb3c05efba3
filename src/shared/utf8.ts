function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** Bounds of a sequence's second byte and its length (Unicode Standard, table 3-7); length 0 for a byte that begins none. */
function sequenceKind(lead: number): { length: number; low: number; high: number } {
  if (lead >= 0xc2 && lead <= 0xdf) return { length: 2, low: 0x80, high: 0xbf };
  if (lead === 0xe0) return { length: 3, low: 0xa0, high: 0xbf };
  if (lead === 0xed) return { length: 3, low: 0x80, high: 0x9f };
  if (lead >= 0xe1 && lead <= 0xef) return { length: 3, low: 0x80, high: 0xbf };
  if (lead === 0xf0) return { length: 4, low: 0x90, high: 0xbf };
  if (lead >= 0xf1 && lead <= 0xf3) return { length: 4, low: 0x80, high: 0xbf };
  if (lead === 0xf4) return { length: 4, low: 0x80, high: 0x8f };
  return { length: 0, low: 0, high: 0 };
}

/** Length of the valid sequence at `at`; 0 when there is none; -1 when the bytes end inside what may still become one. */
export function sequenceAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const { length, low, high } = sequenceKind(lead);
  if (length === 0) return 0;
  const second = bytes[at + 1];
  if (second === undefined) return -1;
  if (second < low || second > high) return 0;
  for (let index = 2; index < length; index += 1) {
    if (at + index >= bytes.length) return -1;
    if (!isContinuation(bytes[at + index])) return 0;
  }
  return length;
}

/** How many bytes at the end belong to a character that is not complete yet: 0 to 3. */
export function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return sequenceAt(bytes, bytes.length - back) === -1 ? back : 0;
  }
  return 0;
}

/** xterm takes this much at a time and cuts there, wherever it is; its decoder then loses characters. */
const takenAtOnce = 131_072;

/**
 * Output bytes, cut anywhere, in pieces that hold whole characters and that a terminal takes at once: xterm's own decoder loses some characters of more than one byte
 * whose bytes it gets in pieces.
 */
export class WholeCharacters {
  private pending: Uint8Array = new Uint8Array(0);

  /** What is complete with these bytes; nothing, when it is all of it the beginning of a character. */
  push(data: Uint8Array): Uint8Array[] {
    let all = data;
    if (this.pending.length > 0) {
      all = new Uint8Array(this.pending.length + data.length);
      all.set(this.pending);
      all.set(data, this.pending.length);
    }
    const pieces: Uint8Array[] = [];
    let start = 0;
    const end = all.length - incompleteTail(all);
    while (start < end) {
      const most = all.subarray(start, Math.min(start + takenAtOnce, end));
      const piece = most.subarray(0, most.length - incompleteTail(most));
      pieces.push(piece);
      start += piece.length;
    }
    this.pending = all.slice(end);
    return pieces;
  }

  /** What comes next is not what follows. */
  reset(): void {
    this.pending = new Uint8Array(0);
  }
}
