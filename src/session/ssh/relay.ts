import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { z } from 'zod';
import { errorCodeSchema, type Problem, SallyportError } from '../../shared/errors/result.ts';
import { closeCodes } from '../../shared/protocol/control-channel.ts';
import type { GrantPayload } from '../../shared/protocol/signed.ts';
import { handoverRefusal } from './handover-refusal.ts';
import { addressOf, openDirect, reachTimeoutMs, type Wire, type WireEnd } from './wire.ts';

/** Where the relay is and how this connection proves itself. */
export interface RelayAccess {
  /** wss URL of this session's relay. */
  url: string;
  /** The one-use DPoP proof (RFC 9449). */
  proof: string;
  /** PEM of the pinned authority; no other is trusted. */
  trustRoot: string;
}

/** Opens the connection that the grant's route asks for. Rejects as `openRelay` and `openDirect` do. */
export async function reach(grant: GrantPayload, relay: RelayAccess | null, signal: AbortSignal): Promise<Wire> {
  if (grant.route === 'direct') return openDirect(grant, signal);
  if (relay === null) throw new SallyportError('SP-9002', 'No way to the relay was given. Nothing was connected.');
  return openRelay(grant, relay, signal);
}

const problemDocument = z.object({
  code: errorCodeSchema,
  detail: z.string().max(1000).optional(),
  title: z.string().max(300).optional(),
});

/**
 * Opens the way to the target through the relay. The target is the one the server chose for the session; no address is sent. Rejects with the
 * relay's own problem, or SP-2104 / SP-2105.
 */
function openRelay(grant: GrantPayload, relay: RelayAccess, signal: AbortSignal): Promise<Wire> {
  return new Promise((resolve, reject) => {
    if (!URL.canParse(relay.url) || new URL(relay.url).protocol !== 'wss:')
      throw new SallyportError(
        'SP-2105',
        'The relay was not named by a wss address. No connection was made. Ask your administrator.',
      );
    const socket = new WebSocket(relay.url, {
      ca: relay.trustRoot,
      rejectUnauthorized: true,
      headers: { DPoP: relay.proof },
      handshakeTimeout: reachTimeoutMs,
      // Terminal bytes are small and encrypted: compressing them only costs.
      perMessageDeflate: false,
      maxPayload: 16 * 1024 * 1024,
      followRedirects: false,
    });
    socket.binaryType = 'nodebuffer';
    let opened = false;
    const closed = new Promise<WireEnd>((done) =>
      socket.on('close', (code, reason) => done(endOf(code, grant, reason.toString('utf8')))),
    );
    const onAbort = () => socket.terminate();
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', () => {
      if (!opened)
        reject(
          new SallyportError(
            'SP-2105',
            'The relay could not be reached or is not the one this device trusts. Check your network and try again.',
            { facts: { relay: new URL(relay.url).host } },
          ),
        );
    });
    socket.once('unexpected-response', (_request, response) => {
      readProblem(response).then(
        (problem) =>
          reject(
            new SallyportError(problem.code, problem.message, {
              facts: { address: addressOf(grant), status: String(response.statusCode) },
            }),
          ),
        reject,
      );
    });
    socket.once('open', () => {
      opened = true;
      signal.removeEventListener('abort', onAbort);
      const destroy = () => socket.terminate();
      if (grant.credential.kind === 'handover') resolve(afterFirstFrame(socket, { closed, destroy }));
      else resolve({ stream: streamOf(socket), closed, destroy });
    });
    if (signal.aborted) onAbort();
  });
}

function streamOf(socket: WebSocket): Duplex {
  const stream = createWebSocketStream(socket);
  // What the stream reports is also in `closed`; without a listener it would end the process.
  stream.on('error', () => undefined);
  // The stream of a closed WebSocket ends but stays open for writing; SSH must see that it is gone.
  stream.on('end', () => stream.destroy());
  return stream;
}

/** The stream would take a text frame for bytes of SSH: it listens from the end of the first frame on, and loses nothing in between. */
function afterFirstFrame(socket: WebSocket, wire: Pick<Wire, 'closed' | 'destroy'>): Wire {
  let stream: Duplex | undefined;
  const firstFrame = new Promise<string | null>((resolve) =>
    socket.once('message', (data, isBinary) => {
      stream ??= streamOf(socket);
      resolve(isBinary || !Buffer.isBuffer(data) ? null : data.toString('utf8'));
    }),
  );
  return {
    ...wire,
    firstFrame,
    get stream() {
      stream ??= streamOf(socket);
      return stream;
    },
  };
}

async function readProblem(response: IncomingMessage): Promise<Problem> {
  const fallback: Problem = {
    code: 'SP-2105',
    message: `The relay refused this session (HTTP ${response.statusCode ?? 'without status'}). Connect again; if it stays, ask your administrator.`,
  };
  let text = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk;
      if (text.length > 16_384) break;
    }
    const parsed = problemDocument.safeParse(JSON.parse(text));
    return parsed.success
      ? { code: parsed.data.code, message: parsed.data.detail ?? parsed.data.title ?? fallback.message }
      : fallback;
  } catch {
    return fallback;
  } finally {
    response.destroy();
  }
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00c0-\u024f]/g, '').slice(0, 100);
}

/** The problem that a refusal's reason names ("SP-2003 ..."). */
function refusal(reason: string, grant: GrantPayload): Problem {
  const code = errorCodeSchema.safeParse(reason.slice(0, 7));
  if (code.success && grant.credential.kind === 'handover') {
    const problem = handoverRefusal(code.data, reason.slice(8), grant.target.name);
    if (problem !== null) return problem;
  }
  const why = printable(reason.slice(8));
  return {
    code: code.success ? code.data : 'SP-2105',
    message: `The relay refused this session${why === '' ? '' : `: ${why}`}. Connect again; if it stays, ask your administrator.`,
  };
}

/** Why the relay let no key exchange pass: the broker's own words, the cipher, or that it was none. */
function unpassed(reason: string, grant: GrantPayload): Problem {
  if (reason.startsWith('SP-2032 ')) return refusal(reason, grant);
  if (reason === '' || reason.startsWith('cipher '))
    return {
      code: 'SP-2032',
      message:
        'The relay refused the connection because target and launcher did not agree on AES-GCM. Ask the owner of the target to allow it.',
    };
  return {
    code: 'SP-2050',
    message: `The relay closed the connection to ${grant.target.name} because what came before the key exchange is not SSH as it takes it. Nothing was opened. Try again; if it stays, ask the owner of the target.`,
    facts: { check: printable(reason) },
  };
}

function withFacts(problem: Problem, facts: Record<string, string>): Problem {
  return { ...problem, facts: { ...facts, ...problem.facts } };
}

/** What a close code of the relay (control-channel.ts) and its reason mean here. */
export function endOf(code: number, grant: GrantPayload, reason = ''): WireEnd {
  const facts = { address: addressOf(grant) };
  switch (code) {
    case closeCodes.ended:
    case 1000:
      return { kind: 'ended' };
    case closeCodes.killed:
      return { kind: 'killed' };
    case closeCodes.refused:
      return { kind: 'refused', problem: withFacts(refusal(reason, grant), facts) };
    case closeCodes.leaseExpired:
      return { kind: 'lease-expired' };
    case closeCodes.accessOver:
      return { kind: 'time-limit' };
    case closeCodes.targetUnreachable:
      return {
        kind: 'refused',
        problem: {
          code: 'SP-2104',
          message: `The relay could not reach ${grant.target.name}. It may be down, or the relay is not on its network. Try again, or ask its owner.`,
          facts,
        },
      };
    case closeCodes.cipherRefused:
      return { kind: 'refused', problem: withFacts(unpassed(reason, grant), facts) };
    case closeCodes.revoked:
      return {
        kind: 'refused',
        problem: { code: 'SP-1005', message: 'This device may not connect any more. Ask your administrator.' },
      };
    case closeCodes.superseded:
      return {
        kind: 'refused',
        problem: { code: 'SP-2105', message: 'The relay gave this session to another connection. Connect again.' },
      };
    case closeCodes.malformed:
      return {
        kind: 'refused',
        problem: {
          code: 'SP-2105',
          message: 'The relay did not understand this connection. Update the launcher, or ask your administrator.',
        },
      };
    default:
      return { kind: 'network' };
  }
}
