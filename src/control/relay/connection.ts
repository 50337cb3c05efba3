import { connect, isIPv6, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/control-channel.ts';
import type { Clock } from '../context.ts';
import type { HostProof } from './host-proof.ts';
import { type Counts, type Pipe, startPipe } from './pipe.ts';

const connectMs = 10_000;
/** After the launcher is gone, what it had sent may still be delivered for this long. */
const lingerMs = 2000;
/** How long a launcher has to answer the close, and to take what the target had said before a normal end. */
const closeMs = 1000;
const flushMs = 10_000;

export interface Ending {
  code: number;
  /** At most 100 characters: a close frame holds 123 bytes. */
  why: string;
  /** Take back what is not sent yet (kill, lost lease) or let it be delivered (a normal end). */
  discard: boolean;
}

export interface ConnectionEvents {
  onOpen(): void;
  onUnreachable(why: string): void;
  /** Once, when the socket to the target is closed (or was never made). */
  onClosed(ending: Ending, counts: Counts): void;
}

export interface Connection {
  /** Ends it; the first ending stands. Resolves when the target's socket is closed. */
  end(ending: Ending): Promise<void>;
  /** What the target proved of itself over this connection, once; null when it has not, or the connection is ending. */
  takeHostProof(): HostProof | null;
}

function networkWords(error: NodeJS.ErrnoException): string {
  const words: Record<string, string> = {
    ECONNREFUSED: 'it refused the connection',
    EHOSTUNREACH: 'there is no way to it',
    ENETUNREACH: 'there is no way to its network',
    ETIMEDOUT: 'it did not answer',
  };
  return words[error.code ?? ''] ?? `the connection failed (${error.code ?? 'unknown'})`;
}

/**
 * One session's wire: a WebSocket that is paused, and a TCP connection to the address fixed at the grant. `cutAt` is asked again and again: the
 * time (monotonic) at which the session has no life any more; then the wire is cut, whatever the rest of the server does.
 */
export function openConnection(options: {
  socket: WebSocket;
  address: string;
  port: number;
  clock: Clock;
  cutAt(): number | null;
  events: ConnectionEvents;
}): Connection {
  const { socket, clock, events } = options;
  const target: Socket = connect({
    host: options.address,
    port: options.port,
    noDelay: true,
    family: isIPv6(options.address) ? 6 : 4,
  });
  let pipe: Pipe | null = null;
  let ending: Ending | null = null;
  let lifeTimer: NodeJS.Timeout | undefined;
  let markClosed = () => {};
  const closed = new Promise<void>((resolve) => {
    markClosed = resolve;
  });

  function end(how: Ending): Promise<void> {
    if (ending !== null) return closed;
    ending = how;
    pipe?.stop();
    clearTimeout(lifeTimer);
    clearTimeout(connectTimer);
    if (how.discard) {
      // A plain close would leave what the kernel still holds to be delivered: a reset takes it back. While connecting there is nothing to
      // take back, and Node would wait for the connection before it resets.
      if (target.connecting) target.destroy();
      else target.resetAndDestroy();
    } else {
      target.resume();
      target.end();
      setTimeout(() => target.destroy(), lingerMs).unref();
    }
    // A paused WebSocket would never see the answer to its close.
    socket.resume();
    socket.close(how.code, how.why.slice(0, 100));
    setTimeout(() => socket.terminate(), how.discard ? closeMs : flushMs).unref();
    return closed;
  }

  function watchLife(): void {
    const at = options.cutAt();
    const left = at === null ? 0 : at - clock.monotonicMs();
    if (left <= 0) void end({ code: closeCodes.leaseExpired, why: 'the lease ran out', discard: true });
    else lifeTimer = setTimeout(watchLife, left);
  }

  const connectTimer = setTimeout(() => {
    const why = `it did not answer within ${connectMs / 1000} s`;
    events.onUnreachable(why);
    void end({ code: closeCodes.targetUnreachable, why, discard: true });
  }, connectMs);

  target.on('connect', () => {
    clearTimeout(connectTimer);
    events.onOpen();
    if (ending !== null) return;
    pipe = startPipe({
      socket,
      target,
      onRefused: (why) => void end({ code: closeCodes.cipherRefused, why, discard: true }),
      onMalformed: () => void end({ code: closeCodes.malformed, why: 'only binary frames pass', discard: true }),
    });
  });
  target.on('error', (error: NodeJS.ErrnoException) => {
    const why = networkWords(error);
    if (pipe === null && ending === null) events.onUnreachable(why);
    void end({ code: pipe === null ? closeCodes.targetUnreachable : closeCodes.ended, why, discard: true });
  });
  target.on('end', () => void end({ code: closeCodes.ended, why: 'the target closed the connection', discard: false }));
  target.on('close', () => {
    void end({ code: closeCodes.ended, why: 'the connection to the target closed', discard: true });
    events.onClosed(ending as Ending, pipe?.counts ?? { bytesToTarget: 0, bytesFromTarget: 0 });
    markClosed();
  });
  socket.on(
    'close',
    () => void end({ code: closeCodes.ended, why: 'the launcher closed the connection', discard: false }),
  );
  socket.on('error', () => void end({ code: closeCodes.ended, why: 'the launcher is gone', discard: false }));
  watchLife();
  return { end, takeHostProof: () => (ending === null ? (pipe?.takeHostProof() ?? null) : null) };
}
