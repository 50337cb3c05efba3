import { SallyportError } from '../../shared/errors/result.ts';
import { problemDocumentSchema } from '../../shared/protocol/control-api.ts';

const causes: Record<string, string> = {
  ECONNREFUSED: 'nothing answers on that port',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be looked up',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it took too long to answer',
  UND_ERR_BODY_TIMEOUT: 'it took too long to answer',
};

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const own = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (own !== '' && own !== 'UND_ERR_SOCKET') return own;
  return codeOf(error.cause) || own;
}

/** Certificate failures: OpenSSL's X509_V_ERR names as Node gives them, and Node's own ERR_TLS ones. */
function isTrustFailure(code: string): boolean {
  return (
    code.startsWith('ERR_TLS_CERT') ||
    code.includes('CERT') ||
    code.includes('SELF_SIGNED') ||
    code.startsWith('UNABLE_TO_')
  );
}

/** A network failure in words: SP-1003, SP-1004 when the server's certificate is not by the pinned authority, SP-1009 when it is not of this clock's time. */
export function unreachable(address: string, error: unknown): SallyportError {
  const code = codeOf(error);
  // By whichever of the two clocks is wrong, a certificate that is right looks as if it were not of its time.
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    const early = code === 'CERT_NOT_YET_VALID';
    return new SallyportError(
      'SP-1009',
      `By the clock of this machine (${timeWords(Date.now())}) the certificate of the server at ${address} ${early ? 'is not valid yet' : 'has expired'}. Nothing was sent. If this clock is wrong, set it right; if it is right, tell your administrator that the server ${early ? 'made its certificate by a clock that is ahead' : 'needs a new certificate'}.`,
      { facts: { address, cause: code, here: new Date().toISOString() }, cause: error },
    );
  }
  if (isTrustFailure(code)) {
    return new SallyportError(
      'SP-1004',
      `The server at ${address} does not prove that it is yours: its certificate is not by the authority this device was enrolled with. Nothing was sent. Ask your administrator whether the certificate has changed.`,
      { facts: { address, cause: code }, cause: error },
    );
  }
  const why =
    causes[code] ??
    (error instanceof Error && error.message === 'timeout' ? 'it does not answer' : 'the connection failed');
  return new SallyportError(
    'SP-1003',
    `The control server at ${address} cannot be reached: ${why}. Check the network or VPN, then try again.`,
    {
      facts: code === '' ? { address } : { address, cause: code },
      cause: error,
    },
  );
}

/** Milliseconds that this machine's clock is ahead of the server's `Date` header; null without one. The header has whole seconds. */
export function clockAheadMs(dateHeader: string | undefined, nowMs: number): number | null {
  const server = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader);
  return Number.isNaN(server) ? null : nowMs - server;
}

/** Turns an error answer into an error of ours: by its problem document (RFC 9457), else by its status alone. A proof that was refused because of a clock is SP-1009. */
export function problemOfAnswer(options: {
  address: string;
  status: number;
  body: unknown;
  clockAheadMs: number | null;
}): SallyportError {
  const parsed = problemDocumentSchema.safeParse(options.body);
  if (!parsed.success) {
    const retry = options.status >= 500 || options.status === 429;
    return new SallyportError(
      retry ? 'SP-1003' : 'SP-9002',
      `The server at ${options.address} answered ${options.status} without saying why. ${retry ? 'Try again in a moment.' : 'Check that the address is a Sallyport control server.'}`,
      { facts: { address: options.address, status: String(options.status) } },
    );
  }
  const { code, detail, facts } = parsed.data;
  const ahead = options.clockAheadMs;
  if (code === 'SP-1006' && ahead !== null && Math.abs(ahead) > 30_000) {
    const here = Date.now();
    return new SallyportError(
      'SP-1009',
      `The clock of this machine is ${durationWords(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the server's (here ${timeWords(here)}, there ${timeWords(here - ahead)}), so the server at ${options.address} cannot accept what this device signs. Set the wrong one right, usually this one, then try again.`,
      {
        facts: { ...facts, clock: `${ahead > 0 ? '+' : '-'}${Math.round(Math.abs(ahead) / 1000)} s` },
      },
    );
  }
  return new SallyportError(code, detail, facts === undefined ? {} : { facts });
}

function durationWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} seconds`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} hours` : `${Math.round(seconds / 86_400)} days`;
}

/** "2026-11-24 10:44 UTC". */
function timeWords(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
