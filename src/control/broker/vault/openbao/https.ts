import { Pool } from 'undici';
import { errnoOf } from '../closed-file.ts';
import { VaultError } from './problem.ts';

export interface VaultRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** Below `/v1/`; parts are already percent-encoded. */
  path: string;
  body?: unknown;
  token?: string;
}

export interface VaultAnswer {
  status: number;
  /** Null for an empty body. */
  body: unknown;
}

/** HTTPS to one OpenBao: verified, bounded in time and size, redirects not followed (a token would go along). */
export interface VaultHttps {
  /** Answers whatever status comes, except that of a vault that is not there for anybody. Throws `VaultError`. */
  send(request: VaultRequest): Promise<VaultAnswer>;
  close(): Promise<void>;
}

const connections = 8;
/** The longest answers are lists of names. */
const answerBytes = 4_194_304;

/** `ca` is PEM, or null for the system's authorities; `requestMs` bounds one request, waiting for its turn and reading its body included. */
export function openHttps(options: { address: string; ca: string | null; requestMs: number }): VaultHttps {
  const { requestMs } = options;
  const pool = new Pool(options.address, {
    connections,
    headersTimeout: requestMs,
    bodyTimeout: requestMs,
    maxResponseSize: answerBytes,
    connect: { timeout: requestMs, ...(options.ca === null ? {} : { ca: options.ca }) },
  });

  async function exchange(request: VaultRequest, signal: AbortSignal): Promise<VaultAnswer> {
    const answer = await pool.request({
      method: request.method,
      path: `/v1/${request.path}`,
      signal,
      headers: {
        // Keeps a proxy or a browser from forging one; OpenBao's own programs send it.
        'x-vault-request': 'true',
        ...(request.token === undefined ? {} : { 'x-vault-token': request.token }),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: parse(text) };
  }

  async function isSealed(signal: AbortSignal): Promise<boolean> {
    const { body } = await exchange({ method: 'GET', path: 'sys/seal-status' }, signal);
    return typeof body === 'object' && body !== null && 'sealed' in body && body.sealed === true;
  }

  return {
    async send(request) {
      const signal = AbortSignal.timeout(requestMs);
      const { path } = request;
      try {
        const answer = await exchange(request, signal);
        // A quota of the vault's own (RFC 6585 section 4).
        if (answer.status === 429) throw new VaultError('slow', { path, status: 429 });
        if (answer.status < 500 && (answer.status < 300 || answer.status >= 400)) return answer;
        if (answer.status === 503 && (await isSealed(signal))) throw new VaultError('sealed');
        const isReady = answer.status >= 500 && answer.status !== 503;
        throw new VaultError(isReady ? 'unexpected' : 'not-ready', { path, status: answer.status });
      } catch (error) {
        throw error instanceof VaultError ? error : transportProblem(error);
      }
    },
    close: () => pool.destroy(),
  };
}

/** Undefined for what is no JSON; the checks of an answer's shape say so then. */
function parse(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const slow = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

function transportProblem(error: unknown): VaultError {
  const code = errnoOf(error);
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError' || name === 'AbortError' || slow.has(code)) return new VaultError('slow');
  // Node's names for what a certificate can be wrong in: OpenSSL's, and its own for the host name.
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/.test(code)) return new VaultError('untrusted', { cause: code });
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code.startsWith('HPE_')) {
    return new VaultError('unexpected', { cause: code });
  }
  return new VaultError('unreachable', { cause: code });
}
