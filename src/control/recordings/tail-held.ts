/** What is held of a journal: its header line, and pieces at their places in its file. */
export interface Held {
  header: Uint8Array;
  position: number;
  pieces: readonly { at: number; bytes: Uint8Array }[];
}

/** What was stored in place of what is held and is not all of it: `differs` in its bytes, or `shorter` than what was acknowledged. */
export type TailFault = { fault: 'differs'; at: number } | { fault: 'shorter'; held: unknown; sent: unknown };

/** Compares a journal, as it comes, with what is held of it. Null: the journal has all of that at the same places. It is read no further than needed. */
export async function holdAgainst(held: Held, journal: AsyncIterable<Uint8Array>): Promise<TailFault | null> {
  const parts = [{ at: 0, bytes: held.header }, ...held.pieces];
  let from = 0;
  let next = 0;
  for await (const chunk of journal) {
    const to = from + chunk.length;
    for (let part = parts[next]; part !== undefined && part.at < to; part = parts[next]) {
      const begin = Math.max(part.at, from);
      const end = Math.min(part.at + part.bytes.length, to);
      const here = Buffer.from(chunk.buffer, chunk.byteOffset + begin - from, end - begin);
      if (!here.equals(part.bytes.subarray(begin - part.at, end - part.at))) return { fault: 'differs', at: begin };
      if (part.at + part.bytes.length > to) break;
      next += 1;
    }
    from = to;
    if (from >= held.position) return null;
  }
  return from >= held.position ? null : { fault: 'shorter', held: held.position, sent: from };
}
