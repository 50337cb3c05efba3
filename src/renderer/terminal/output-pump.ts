/** What the pump writes to: a terminal that says when it has taken a write in. */
export interface PumpTarget {
  write(data: Uint8Array, done: () => void): void;
}

export interface OutputPump {
  /** `end` is the stream's offset after these bytes. */
  push(data: Uint8Array, end: number): void;
  /** Bytes that came and are not drawn yet. */
  pendingBytes(): number;
}

/** Larger writes cost less per byte, smaller ones let the terminal breathe; the session's high water is four of these. */
const maxWrite = 262_144;

/**
 * Feeds chunks to a terminal, one write at a time, joining what has queued up meanwhile, and acknowledges an offset only
 * after the terminal has drawn up to it. That is what bounds memory in a flood: the session stops reading at its high water.
 */
export function makeOutputPump(target: PumpTarget, acknowledge: (end: number) => void): OutputPump {
  let queue: { data: Uint8Array; end: number }[] = [];
  let pending = 0;
  let writing = false;

  const takeBatch = () => {
    let size = 0;
    let count = 0;
    for (const chunk of queue) {
      if (count > 0 && size + chunk.data.length > maxWrite) break;
      size += chunk.data.length;
      count += 1;
    }
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    return { batch, size };
  };

  const writeNext = () => {
    if (writing || queue.length === 0) return;
    const { batch, size } = takeBatch();
    const end = batch.at(-1)?.end ?? 0;
    const first = batch[0]?.data ?? new Uint8Array();
    const data = batch.length === 1 ? first : new Uint8Array(size);
    if (batch.length > 1) {
      let at = 0;
      for (const chunk of batch) {
        data.set(chunk.data, at);
        at += chunk.data.length;
      }
    }
    writing = true;
    target.write(data, () => {
      writing = false;
      pending -= size;
      acknowledge(end);
      writeNext();
    });
  };

  return {
    push(data, end) {
      queue.push({ data, end });
      pending += data.length;
      writeNext();
    },
    pendingBytes: () => pending,
  };
}
