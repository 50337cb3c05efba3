/**
 * The closed set of error codes. A code never changes its meaning; the screen and the command line switch on it, never on text.
 * 1xxx who is asking, 2xxx reaching a target, 3xxx the record, 4xxx orders and limits, 5xxx the control server, 9xxx our own faults.
 */
export const errorCodes = {
  'SP-1001': 'invite-malformed',
  'SP-1002': 'invite-refused',
  'SP-1003': 'server-unreachable',
  'SP-1004': 'trust-root-mismatch',
  'SP-1005': 'device-unknown',
  'SP-1006': 'proof-refused',
  'SP-1007': 'server-signature-invalid',
  'SP-1008': 'not-enrolled',
  'SP-1009': 'clock-wrong',
  'SP-2001': 'target-not-found',
  'SP-2002': 'not-permitted',
  'SP-2003': 'locked',
  'SP-2004': 'access-request-not-found',
  'SP-2005': 'access-request-refused',
  'SP-2006': 'approval-missing',
  'SP-2031': 'host-key-mismatch',
  'SP-2032': 'no-common-algorithm',
  'SP-2040': 'login-refused',
  'SP-2041': 'login-signature-refused',
  'SP-2042': 'handover-failed',
  'SP-2043': 'secret-missing',
  'SP-2044': 'prompt-refused',
  'SP-2045': 'reexchange-failed',
  'SP-2050': 'connection-lost',
  'SP-2051': 'shell-refused',
  'SP-2104': 'target-unreachable',
  'SP-2105': 'relay-refused',
  'SP-3001': 'recording-not-found',
  'SP-3011': 'record-write-failed',
  'SP-3012': 'spool-full',
  'SP-3020': 'segment-digest-mismatch',
  'SP-3021': 'segment-conflict',
  'SP-3022': 'segment-gap',
  'SP-3023': 'manifest-invalid',
  'SP-3024': 'recording-finished',
  'SP-3025': 'session-running',
  'SP-3030': 'verification-failed',
  'SP-3031': 'unlock-refused',
  'SP-3032': 'recording-not-stored-yet',
  'SP-3040': 'copy-not-written',
  'SP-3041': 'hold-as-it-was',
  'SP-3050': 'search-off',
  'SP-3051': 'search-too-wide',
  'SP-4001': 'killed',
  'SP-4002': 'lease-expired',
  'SP-4003': 'time-limit',
  'SP-4004': 'idle',
  'SP-4010': 'order-not-found',
  'SP-4011': 'session-not-live',
  'SP-5001': 'request-malformed',
  'SP-5002': 'not-found',
  'SP-5003': 'forbidden',
  'SP-5004': 'too-many-requests',
  'SP-5005': 'too-large',
  'SP-5006': 'vault-unavailable',
  'SP-5007': 'apply-invalid',
  'SP-5008': 'policy-invalid',
  'SP-5009': 'database-in-use',
  'SP-5010': 'store-unavailable',
  'SP-5011': 'actor-unknown',
  'SP-9001': 'internal',
  'SP-9002': 'message-malformed',
  'SP-9003': 'process-crashed',
  'SP-9004': 'process-unresponsive',
} as const;

export type ErrorCode = keyof typeof errorCodes;
export type ErrorName = (typeof errorCodes)[ErrorCode];

/** What a caller can do about an error. */
export type ErrorOutcome = 'retry' | 'sign-in-again' | 'ask' | 'fatal';

const retryable: ReadonlySet<ErrorCode> = new Set([
  'SP-1003',
  'SP-1009',
  'SP-2042',
  'SP-2045',
  'SP-2050',
  'SP-2104',
  'SP-2105',
  'SP-3012',
  'SP-3025',
  'SP-3032',
  'SP-3040',
  'SP-4002',
  'SP-5004',
  'SP-5006',
  'SP-5010',
] as const);
const signInAgain: ReadonlySet<ErrorCode> = new Set(['SP-1005', 'SP-1006', 'SP-1008'] as const);
const askSomeone: ReadonlySet<ErrorCode> = new Set([
  'SP-1001',
  'SP-1002',
  'SP-2001',
  'SP-2002',
  'SP-2003',
  'SP-2005',
  'SP-2006',
  'SP-2031',
  'SP-2040',
  'SP-2043',
  'SP-2044',
  'SP-3031',
  'SP-3050',
  'SP-4001',
  'SP-5003',
] as const);

/** The outcome of a code: closed, so a screen can be exhaustive over it. */
export function outcomeOf(code: ErrorCode): ErrorOutcome {
  if (retryable.has(code)) return 'retry';
  if (signInAgain.has(code)) return 'sign-in-again';
  if (askSomeone.has(code)) return 'ask';
  return 'fatal';
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(errorCodes, value);
}
