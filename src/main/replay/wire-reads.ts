import type { WireDirection } from '../../shared/record/wire.ts';
import type { ControlCaller } from '../control-client/client.ts';

/** Bytes of one answer, at most, but for the end of the server's own piece. */
const pieceBytes = 1_048_576;

/** The kept wire of one recording, given out piece by piece as it is asked for: it may be of any length, and nothing of it stays here. */
export class WireReads {
  private readonly caller: ControlCaller;
  private readonly sessionId: string;
  private readonly open = new Map<WireDirection, AsyncIterator<Uint8Array>>();

  constructor(caller: ControlCaller, sessionId: string) {
    this.caller = caller;
    this.sessionId = sessionId;
  }

  /** The next bytes of a direction; none at its end. Throws what the server or the network says. */
  async next({
    direction,
    anew,
  }: {
    direction: WireDirection;
    anew: boolean;
  }): Promise<{ bytes: Uint8Array<ArrayBuffer> }> {
    if (anew) {
      this.drop(direction);
      const stream = await this.caller.fetchStream('getWire', { params: { sessionId: this.sessionId, direction } });
      this.open.set(direction, stream[Symbol.asyncIterator]());
    }
    const reader = this.open.get(direction);
    const chunks: Uint8Array[] = [];
    let size = 0;
    while (reader !== undefined && size < pieceBytes) {
      const { done, value } = await reader.next();
      if (done === true) {
        this.open.delete(direction);
        break;
      }
      chunks.push(value);
      size += value.length;
    }
    return { bytes: joined(chunks, size) };
  }

  close(): void {
    for (const direction of [...this.open.keys()]) this.drop(direction);
  }

  private drop(direction: WireDirection): void {
    // A server that fails while it is cut off has nothing to say any more.
    this.open
      .get(direction)
      ?.return?.()
      .catch(() => undefined);
    this.open.delete(direction);
  }
}

/** In memory of its own: a view of a larger block would carry all of that to another process. */
function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
