import type { WebSocket } from 'ws';
import {
  type ControlToLauncher,
  closeCodes,
  heartbeatMs,
  type LauncherToControl,
  launcherToControlSchema,
  silenceMs,
} from '../../shared/protocol/control-channel.ts';
import { type JournalPiece, parsePiece } from '../../shared/protocol/journal-frames.ts';
import type { Limits } from '../config/limits.ts';
import type { Clock } from '../context.ts';
import { holdsUnstorable } from '../store/storable.ts';
import type { Channel } from './hub.ts';

const maxMessageBytes = 65_536;
/** What a launcher may leave unread before it counts as gone. */
const maxUnreadBytes = 1_048_576;
/** Messages that may wait for those before them. A launcher with a hundred sessions says some hundred things a second at most. */
const maxWaiting = 1000;
/** Bytes of journal pieces that may wait for the store. A launcher has less than this under way. */
const maxWaitingPieceBytes = 8_388_608;
/** Seconds' worth of messages that may come at once: a launcher that is back tells what happened meanwhile. */
const burstSeconds = 3;

export interface ChannelOptions {
  socket: WebSocket;
  deviceId: string;
  userId: string;
  clock: Clock;
  limits: Pick<Limits, 'helloMs' | 'messagesPerSecond'>;
  /** Called for each valid message, one after the other. `MalformedMessage` closes the channel as malformed, any other rejection as failed. */
  onMessage(message: LauncherToControl): Promise<void> | void;
  /** The same for pieces of journals, in an order of their own: what is said waits for no piece. */
  onPiece(piece: JournalPiece): Promise<void>;
  onFailure(error: unknown): void;
  /** Once. `why` is for the log. */
  onClose(why: string): void;
}

function parse(data: WebSocket.RawData): LauncherToControl | null {
  if (!Buffer.isBuffer(data) || data.length > maxMessageBytes) return null;
  try {
    const parsed = launcherToControlSchema.safeParse(JSON.parse(data.toString('utf8')));
    return parsed.success && !holdsUnstorable(parsed.data) ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Thrown by `onMessage` for a message of the right shape that this device has no right to say. */
export class MalformedMessage extends Error {}

/** Serves one control channel: validates what comes, keeps the order of messages, beats, and closes when the other side is silent. */
export function openChannel(options: ChannelOptions): Channel {
  const { socket, clock } = options;
  let heardAt = clock.monotonicMs();
  let waiting = 0;
  let work: Promise<void> = Promise.resolve();
  let waitingPieceBytes = 0;
  let pieces: Promise<void> = Promise.resolve();
  let closed = false;
  const burst = options.limits.messagesPerSecond * burstSeconds;
  let allowance = burst;

  const channel: Channel = {
    deviceId: options.deviceId,
    userId: options.userId,
    send(message: ControlToLauncher) {
      if (closed || socket.readyState !== socket.OPEN) return false;
      if (socket.bufferedAmount > maxUnreadBytes) {
        channel.close(1008, 'does not read');
        return false;
      }
      socket.send(JSON.stringify(message));
      return true;
    },
    close(code, reason) {
      finish(reason);
      socket.close(code, reason.slice(0, 100));
      // Who does not answer the close is cut off: a revoked device must be out within two seconds (security.md 30).
      setTimeout(() => socket.terminate(), 1000).unref();
    },
  };

  function finish(why: string): void {
    if (closed) return;
    closed = true;
    clearInterval(beat);
    clearTimeout(noHello);
    options.onClose(why);
  }

  async function handle(work: () => Promise<void> | void): Promise<void> {
    if (closed) return;
    try {
      await work();
    } catch (error) {
      const malformed = error instanceof MalformedMessage;
      if (!malformed) options.onFailure(error);
      channel.close(malformed ? closeCodes.malformed : 1011, malformed ? error.message : 'the server failed');
    }
  }

  function takePiece(data: WebSocket.RawData): void {
    const piece = Buffer.isBuffer(data) ? parsePiece(data) : null;
    const isTooMuch = piece !== null && waitingPieceBytes + piece.bytes.length > maxWaitingPieceBytes;
    if (piece === null || isTooMuch) {
      channel.close(closeCodes.malformed, isTooMuch ? 'too many pieces of journals' : 'malformed piece of a journal');
      return;
    }
    waitingPieceBytes += piece.bytes.length;
    pieces = pieces
      .then(() => handle(() => options.onPiece(piece)))
      .finally(() => {
        waitingPieceBytes -= piece.bytes.length;
      });
  }

  const beat = setInterval(() => {
    if (clock.monotonicMs() - heardAt > silenceMs) channel.close(1001, 'silent');
    else channel.send({ type: 'heartbeat' });
  }, heartbeatMs);
  beat.unref();
  // Until then nothing is known of what it runs, and yet it would count as connected.
  const noHello = setTimeout(() => channel.close(closeCodes.malformed, 'no hello'), options.limits.helloMs);
  noHello.unref();

  socket.on('message', (data, isBinary) => {
    if (closed) return;
    const now = clock.monotonicMs();
    allowance = Math.min(burst, allowance + ((now - heardAt) / 1000) * options.limits.messagesPerSecond) - 1;
    heardAt = now;
    // Before it is read: reading is what costs.
    if (isBinary && allowance >= 0) {
      takePiece(data);
      return;
    }
    const message = allowance < 0 || waiting >= maxWaiting ? 'too many' : parse(data);
    if (message === null || message === 'too many') {
      channel.close(closeCodes.malformed, message === null ? 'malformed message' : 'too many messages');
      return;
    }
    if (message.type === 'hello') clearTimeout(noHello);
    waiting += 1;
    work = work
      .then(() => handle(() => options.onMessage(message)))
      .finally(() => {
        waiting -= 1;
      });
  });
  socket.on('close', () => finish('closed'));
  socket.on('error', () => finish('failed'));
  return channel;
}
