import { createHash } from 'node:crypto';
import { Agent, request } from 'undici';
import type { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { type ApiMethod, type ApiName, type ControlApi, controlApi } from '../../shared/protocol/control-api.ts';
import { clockAheadMs, problemOfAnswer, unreachable } from './problems.ts';
import type { ProofMaker } from './proof.ts';

type Answer<N extends ApiName> = z.output<ControlApi[N]['response']>;
type BodyOf<N extends ApiName> = ControlApi[N] extends { body: infer B extends z.ZodType } ? z.input<B> : undefined;

export interface CallInput<N extends ApiName> {
  params?: Record<string, string | number>;
  query?: Record<string, string | number>;
  body?: BodyOf<N>;
  /** For binary methods: the bytes; their SHA-256 goes along as Content-Digest (RFC 9530). */
  bytes?: Uint8Array;
  timeoutMs?: number;
}

/** The two ways to ask the control server. Split so that what only reads bytes gets no more. */
export interface ControlCaller {
  /** Calls a method of the API table. Throws `SallyportError`: the server's own problem, SP-1003 or SP-1004 for the network, SP-9002 for a strange answer. */
  call<N extends ApiName>(name: N, input?: CallInput<N>): Promise<Answer<N>>;
  /** Fetches an octet-stream; at most `maxBytes` (default 72 MiB). Throws as `call`, and SP-5005 when it is larger. */
  fetchBytes(
    name: 'getSegment' | 'getJournal',
    input: { params: Record<string, string | number>; maxBytes?: number },
  ): Promise<Uint8Array<ArrayBuffer>>;
}

const defaultTimeoutMs = 15_000;
const maxJsonBytes = 64 * 1024 * 1024;

/** One HTTP client of one server: its authority pinned as the only one, a fresh DPoP proof on every request. */
export class ControlClient implements ControlCaller {
  readonly address: string;
  private readonly agent: Agent;
  private readonly proofs: ProofMaker;
  private clockAhead: number | null = null;

  constructor(options: { address: string; trustRoot: string; proofs: ProofMaker }) {
    this.address = options.address;
    this.proofs = options.proofs;
    this.agent = new Agent({
      connect: { ca: options.trustRoot, timeout: 8000 },
      connections: 6,
      keepAliveTimeout: 20_000,
      allowH2: false,
    });
  }

  async call<N extends ApiName>(name: N, input: CallInput<N> = {}): Promise<Answer<N>> {
    const method: ApiMethod = controlApi[name];
    const { status, body } = await this.send(method, input, maxJsonBytes);
    const value = parseJson(body);
    if (status >= 400)
      throw problemOfAnswer({ address: this.address, status, body: value, clockAheadMs: this.clockAhead });
    const parsed = method.response.safeParse(value);
    if (!parsed.success) {
      throw new SallyportError(
        'SP-9002',
        `The server's answer to "${method.summary}" has an unknown shape. It may be newer than this launcher: update the launcher.`,
        {
          facts: { method: `${method.method} ${method.path}` },
        },
      );
    }
    return parsed.data as Answer<N>;
  }

  async fetchBytes(
    name: 'getSegment' | 'getJournal',
    input: { params: Record<string, string | number>; maxBytes?: number },
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { status, body } = await this.send(
      controlApi[name],
      { params: input.params, timeoutMs: 60_000 },
      input.maxBytes ?? 72 * 1024 * 1024,
    );
    if (status >= 400)
      throw problemOfAnswer({ address: this.address, status, body: parseJson(body), clockAheadMs: this.clockAhead });
    // A copy of its own: a Buffer may be a view of a larger block, and all of that would be cloned to another process.
    return Uint8Array.from(body);
  }

  /** Closes idle connections and cuts running ones. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(
    method: ApiMethod,
    input: Omit<CallInput<ApiName>, 'body'> & { body?: unknown },
    maxBytes: number,
  ): Promise<{ status: number; body: Buffer }> {
    const url = new URL(fillPath(method.path, input.params ?? {}), this.address);
    for (const [key, value] of Object.entries(input.query ?? {})) url.searchParams.set(key, String(value));
    const headers: Record<string, string> = {
      accept: 'application/json, application/problem+json, application/octet-stream',
      dpop: await this.proofs.proof(method.method, url.href),
    };
    const body = encodeBody(input, headers);
    const signal = AbortSignal.timeout(input.timeoutMs ?? defaultTimeoutMs);
    try {
      const answer = await request(url, { dispatcher: this.agent, method: method.method, headers, body, signal });
      const date = answer.headers.date;
      this.clockAhead = clockAheadMs(typeof date === 'string' ? date : undefined, Date.now());
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of answer.body) {
        const bytes = Buffer.from(chunk);
        size += bytes.length;
        if (size > maxBytes)
          throw new SallyportError(
            'SP-5005',
            `The server sent more than ${Math.round(maxBytes / 1_048_576)} MB for "${method.summary}". It was not taken. Report this to your administrator.`,
          );
        chunks.push(bytes);
      }
      return { status: answer.statusCode, body: Buffer.concat(chunks) };
    } catch (error) {
      if (error instanceof SallyportError) throw error;
      throw unreachable(this.address, signal.aborted ? new Error('timeout') : error);
    }
  }
}

function encodeBody(
  input: { body?: unknown; bytes?: Uint8Array },
  headers: Record<string, string>,
): Uint8Array | string | null {
  if (input.bytes !== undefined) {
    headers['content-type'] = 'application/octet-stream';
    headers['content-digest'] = `sha-256=:${createHash('sha256').update(input.bytes).digest('base64')}:`;
    return input.bytes;
  }
  if (input.body === undefined) return null;
  headers['content-type'] = 'application/json';
  return JSON.stringify(input.body);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Puts parameters into a path of the table; each is encoded, so none can climb out of its segment. Throws `TypeError` when one is missing. */
export function fillPath(path: string, params: Record<string, string | number>): string {
  return path.replace(/:([A-Za-z]+)/g, (_all, name: string) => {
    const value = params[name];
    if (value === undefined || value === '' || value === '.' || value === '..')
      throw new TypeError(`path parameter ${name} is missing`);
    return encodeURIComponent(value);
  });
}
