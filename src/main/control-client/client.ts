import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
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
  /** The same for what may be too large to be held: read while it is sent, the digest computed before. */
  file?: { path: string; size: number; sha256: Buffer };
  timeoutMs?: number;
}

/** The two ways to ask the control server. Split so that what only reads bytes gets no more. */
export interface ControlCaller {
  /** Calls a method of the API table. Throws `SallyportError`: the server's own problem, SP-1003 or SP-1004 for the network, SP-9002 for a strange answer. */
  call<N extends ApiName>(name: N, input?: CallInput<N>): Promise<Answer<N>>;
  /** Fetches an octet-stream, into memory: at most `fetchAtMost` bytes of its kind. Throws as `call`, and SP-5005 when it is larger. */
  fetchBytes(
    name: 'getSegment' | 'getJournal' | 'getTail',
    input: { params: Record<string, string | number> },
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** Fetches an octet-stream of any length, as it is read; leaving it early cuts it. Throws as `call`, reading it too. */
  fetchStream(
    name: 'getWire',
    input: { params: Record<string, string | number> },
  ): Promise<AsyncIterable<Uint8Array<ArrayBufferLike>>>;
}

const defaultTimeoutMs = 15_000;
const mebibyte = 1_048_576;
const maxJsonBytes = 64 * mebibyte;
/** A segment is a few MB. A journal is as long as its session was loud: it is stored up to 2 GiB, but held in memory only up to this. */
const fetchAtMost = { getSegment: 72 * mebibyte, getJournal: 512 * mebibyte, getTail: 72 * mebibyte } as const;
const fetchTimeoutMs = { getSegment: 60_000, getJournal: 600_000, getTail: 60_000 } as const;

/** One HTTP client of one server: its authority pinned as the only one, a fresh DPoP proof on every request. */
export class ControlClient implements ControlCaller {
  readonly address: string;
  private readonly agent: Agent;
  private readonly proofs: ProofMaker;
  private readonly onAnswer: () => void;
  private clockAhead: number | null = null;

  /** `onAnswer` is told of every answer, whatever it says: the server is there. */
  constructor(options: { address: string; trustRoot: string; proofs: ProofMaker; onAnswer?: () => void }) {
    this.address = options.address;
    this.proofs = options.proofs;
    this.onAnswer = options.onAnswer ?? (() => undefined);
    this.agent = new Agent({
      connect: { ca: options.trustRoot, timeout: 8000 },
      connections: 6,
      keepAliveTimeout: 20_000,
      allowH2: false,
    });
  }

  async call<N extends ApiName>(name: N, input: CallInput<N> = {}): Promise<Answer<N>> {
    const method: ApiMethod = controlApi[name];
    const { status, body } = await this.send(method, input, { bytes: maxJsonBytes, or: strangeAmount(method) });
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
    name: 'getSegment' | 'getJournal' | 'getTail',
    input: { params: Record<string, string | number> },
  ): Promise<Uint8Array<ArrayBuffer>> {
    const method = controlApi[name];
    const { status, body } = await this.send(
      method,
      { params: input.params, timeoutMs: fetchTimeoutMs[name] },
      {
        bytes: fetchAtMost[name],
        or:
          name !== 'getJournal'
            ? strangeAmount(method)
            : 'The unsealed record of this session is larger than 512 MB, and this launcher cannot open more than that at once. It is kept whole on the control server; ask your administrator for it.',
      },
    );
    if (status >= 400)
      throw problemOfAnswer({ address: this.address, status, body: parseJson(body), clockAheadMs: this.clockAhead });
    return body;
  }

  async fetchStream(
    name: 'getWire',
    input: { params: Record<string, string | number> },
  ): Promise<AsyncIterable<Uint8Array<ArrayBufferLike>>> {
    const method = controlApi[name];
    const url = new URL(fillPath(method.path, input.params), this.address);
    const headers = {
      accept: 'application/octet-stream, application/problem+json',
      dpop: await this.proofs.proof(method.method, url.href),
    };
    try {
      const answer = await request(url, {
        dispatcher: this.agent,
        method: method.method,
        headers,
        headersTimeout: defaultTimeoutMs,
        bodyTimeout: fetchTimeoutMs.getJournal,
      });
      this.onAnswer();
      if (answer.statusCode < 400) return readable(answer.body, this.address);
      const body = await collect(answer.body, { bytes: maxJsonBytes, or: strangeAmount(method) });
      throw problemOfAnswer({
        address: this.address,
        status: answer.statusCode,
        body: parseJson(body),
        clockAheadMs: this.clockAhead,
      });
    } catch (error) {
      if (error instanceof SallyportError) throw error;
      throw unreachable(this.address, error);
    }
  }

  /** Closes idle connections and cuts running ones. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(
    method: ApiMethod,
    input: Omit<CallInput<ApiName>, 'body'> & { body?: unknown },
    most: { bytes: number; or: string },
  ): Promise<{ status: number; body: Uint8Array<ArrayBuffer> }> {
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
      this.onAnswer();
      const date = answer.headers.date;
      this.clockAhead = clockAheadMs(typeof date === 'string' ? date : undefined, Date.now());
      const length = Number(answer.headers['content-length'] ?? 0);
      if (length > most.bytes) {
        answer.body.destroy();
        throw new SallyportError('SP-5005', most.or);
      }
      return { status: answer.statusCode, body: await collect(answer.body, most) };
    } catch (error) {
      if (error instanceof SallyportError) throw error;
      throw unreachable(this.address, signal.aborted ? new Error('timeout') : error);
    }
  }
}

/** A body whose failure is a problem with a code. */
async function* readable(body: AsyncIterable<Uint8Array>, address: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw unreachable(address, error);
  }
}

function strangeAmount(method: ApiMethod): string {
  return `The server sent more for "${method.summary}" than there can be. It was not taken. Report this to your administrator.`;
}

/**
 * All of a body in memory of its own: a Buffer may be a view of a larger block, and all of that would be cloned to another process. Throws SP-5005
 * when there is more than `most`.
 */
async function collect(
  body: AsyncIterable<Uint8Array>,
  most: { bytes: number; or: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > most.bytes) throw new SallyportError('SP-5005', most.or);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function encodeBody(
  input: Pick<CallInput<ApiName>, 'bytes' | 'file'> & { body?: unknown },
  headers: Record<string, string>,
): Uint8Array | Readable | string | null {
  if (input.file !== undefined) {
    const { path, size, sha256 } = input.file;
    headers['content-type'] = 'application/octet-stream';
    headers['content-digest'] = `sha-256=:${sha256.toString('base64')}:`;
    headers['content-length'] = String(size);
    // No more than was digested, should the file have grown since.
    return createReadStream(path, { end: size - 1, highWaterMark: 262_144 });
  }
  if (input.bytes !== undefined) {
    headers['content-type'] = 'application/octet-stream';
    headers['content-digest'] = `sha-256=:${createHash('sha256').update(input.bytes).digest('base64')}:`;
    return input.bytes;
  }
  if (input.body === undefined) return null;
  headers['content-type'] = 'application/json';
  return JSON.stringify(input.body);
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
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
