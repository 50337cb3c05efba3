import { connect, isIPv6, type Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { closeCodes } from '../../shared/protocol/control-channel.ts';
import type { Clock } from '../context.ts';
import { carryHandover, type HandOver } from './handover-leg.ts';
import type { HostProof } from './host-proof.ts';
import { type Counts, type Pipe, startPipe } from './pipe.ts';
import type { WireSink } from './wire-keeper.ts';

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
  /** What the target proved of itself over this connection, at most once. Its bytes wait for it. */
  onHostProof(proof: HostProof): Promise<void>;
  onFailure(error: unknown): void;
  /** Once, when the socket to the target is closed (or was never made). */
  onClosed(ending: Ending, counts: Counts): void;
}

export interface Connection {
  /** Ends it; the first ending stands. Resolves when the target's socket is closed. */
  end(ending: Ending): Promise<void>;
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
  /** Whether it is the time of the session's access that is over then, and not its lease. */
  isAccessOver?(): boolean;
  /** Set when the broker logs in first and then hands the connection over. */
  handOver?: HandOver | null;
  /** Takes what crosses, of a handover from the new keys on. */
  wire?: WireSink | null;
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
  let handing: { stop(): void } | null = null;
  let ending: Ending | null = null;
  let lifeTimer: NodeJS.Timeout | undefined;
  let markClosed = () => {};
  const closed = new Promise<void>((resolve) => {
    markClosed = resolve;
  });

  function end(how: Ending): Promise<void> {
    if (ending !== null) return closed;
    ending = how;
    handing?.stop();
    pipe?.stop();
    options.wire?.closed();
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

  /** Milliseconds that it may still live; ended when there are none. */
  function lifeLeft(): number {
    const at = options.cutAt();
    const left = at === null ? 0 : at - clock.monotonicMs();
    if (left <= 0) {
      const lapsed = { code: closeCodes.leaseExpired, why: 'the lease ran out', discard: true };
      const over = { code: closeCodes.accessOver, why: 'the time of the access is over', discard: true };
      void end(options.isAccessOver?.() === true ? over : lapsed);
    }
    return left;
  }

  function watchLife(): void {
    const left = lifeLeft();
    if (left > 0) lifeTimer = setTimeout(watchLife, left);
  }

  function carry(handedOver?: Parameters<typeof startPipe>[0]['handedOver']): Pipe {
    return startPipe({
      socket,
      target,
      ...(handedOver === undefined ? {} : { handedOver }),
      keep: options.wire?.keep ?? null,
      onUnkept(error) {
        events.onFailure(error);
        void end({ code: 1011, why: 'the relay cannot keep the wire', discard: true });
      },
      // A process that was stopped reads what has come meanwhile before its timers run.
      mayPass: () => lifeLeft() > 0,
      onRefused: (why) => void end({ code: closeCodes.cipherRefused, why, discard: true }),
      onMalformed: () => void end({ code: closeCodes.malformed, why: 'only binary frames pass', discard: true }),
      onHostProof: events.onHostProof,
      onUnproven(error) {
        events.onFailure(error);
        void end({ code: 1011, why: 'the relay cannot keep what the target proved', discard: true });
      },
    });
  }

  /** What passes between the launcher and the broker is not the session yet: a refusal resets the target, whatever it was told. */
  function handOver(how: HandOver): { stop(): void } {
    return carryHandover({
      socket,
      target,
      handOver: how,
      done(handedOver) {
        handing = null;
        pipe = carry(handedOver);
      },
      refused: ({ code, check }) => {
        const refusedCode = code === 'SP-2032' ? closeCodes.cipherRefused : closeCodes.refused;
        void end({ code: refusedCode, why: `${code} ${check}`, discard: true });
      },
      onMalformed: () => void end({ code: closeCodes.malformed, why: 'only binary frames pass', discard: true }),
    });
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
    if (options.handOver) handing = handOver(options.handOver);
    else pipe = carry();
  });
  target.on('error', (error: NodeJS.ErrnoException) => {
    const why = networkWords(error);
    const reached = pipe !== null || handing !== null;
    if (!reached && ending === null) events.onUnreachable(why);
    void end({ code: !reached ? closeCodes.targetUnreachable : closeCodes.ended, why, discard: true });
  });
  target.on('end', () => void end({ code: closeCodes.ended, why: 'the target closed the connection', discard: false }));
  target.on('close', () => {
    void end({ code: closeCodes.ended, why: 'the connection to the target closed', discard: true });
    events.onClosed(
      ending as Ending,
      pipe?.counts ?? { bytesToTarget: target.bytesWritten, bytesFromTarget: target.bytesRead },
    );
    markClosed();
  });
  socket.on(
    'close',
    () => void end({ code: closeCodes.ended, why: 'the launcher closed the connection', discard: false }),
  );
  socket.on('error', () => void end({ code: closeCodes.ended, why: 'the launcher is gone', discard: false }));
  watchLife();
  return { end };
}
