import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Problem } from '../../shared/errors/result.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { GrantPayload } from '../../shared/protocol/signed.ts';

/** Why a wire is closed, as far as it was said. */
export type WireEnd =
  | { kind: 'ended' }
  | { kind: 'network' }
  | { kind: 'killed' }
  | { kind: 'lease-expired' }
  /** The time of the access that the session ran under is over. */
  | { kind: 'time-limit' }
  | { kind: 'refused'; problem: Problem };

/** The connection that SSH runs on. */
export interface Wire {
  readonly stream: Duplex;
  /**
   * The relay's text frame before the first binary one, where the grant is for a handover; null when a binary one came first. `stream` may be used when it is here. Never rejects.
   */
  firstFrame?: Promise<string | null>;
  /** Resolves once, when the connection is closed, whoever closed it. Never rejects. */
  closed: Promise<WireEnd>;
  /** Closes the connection at once, dropping what is under way in both directions. */
  destroy(): void;
}

/** How long reaching a target may take, in milliseconds. */
export const reachTimeoutMs = 10_000;

export function addressOf(grant: GrantPayload): string {
  return `${grant.target.host}:${grant.target.port}`;
}

/** Opens a TCP connection straight to the target. Rejects with SP-2104 when it cannot be reached; `signal` gives up at once. */
export function openDirect(grant: GrantPayload, signal: AbortSignal): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const address = addressOf(grant);
    const socket = connect({ host: grant.target.host, port: grant.target.port, noDelay: true, keepAlive: true });
    const closed = new Promise<WireEnd>((done) => {
      // Only the target's own goodbye (FIN) is an end; a reset, or a connection given up because nothing answered, is the network's.
      let saidGoodbye = false;
      let failed = false;
      socket.on('end', () => {
        saidGoodbye = true;
      });
      socket.on('error', () => {
        failed = true;
      });
      socket.on('close', () => done({ kind: saidGoodbye && !failed ? 'ended' : 'network' }));
    });
    const unreachable = (why: string) => {
      socket.destroy();
      reject(
        new SallyportError(
          'SP-2104',
          `${grant.target.name} could not be reached from this machine: ${why}. Check that it is up and that you are on its network, then try again.`,
          { facts: { address } },
        ),
      );
    };
    const timer = setTimeout(() => unreachable('no answer within 10 seconds'), reachTimeoutMs);
    const onAbort = () => unreachable('the connection was given up');
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', (error: NodeJS.ErrnoException) => unreachable(wordsOf(error.code)));
    socket.once('connect', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve({ stream: socket, closed, destroy: () => socket.destroy() });
    });
    socket.once('close', () => clearTimeout(timer));
    if (signal.aborted) onAbort();
  });
}

function wordsOf(code: string | undefined): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'it refused the connection';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its name is not known here';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it';
    default:
      return code === undefined ? 'the connection failed' : `the connection failed (${code})`;
  }
}
