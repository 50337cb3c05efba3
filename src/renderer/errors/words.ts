import { type ErrorCode, type ErrorName, type ErrorOutcome, errorCodes, outcomeOf } from '../../shared/errors/codes.ts';
import { assertNever, type Problem } from '../../shared/errors/result.ts';

/** What a button beside an error can do for the person. */
export type ErrorAction = 'retry' | 'copy' | 'none';

const titles: Partial<Record<ErrorName, string>> = {
  'invite-malformed': 'The invite cannot be read',
  'invite-refused': 'The server does not take this invite',
  'server-unreachable': 'No contact with the server',
  'clock-wrong': 'The clocks do not agree',
  'trust-root-mismatch': 'This is not the server that the invite names',
  'device-unknown': 'This device has no access',
  'proof-refused': 'The server did not accept this device’s proof',
  'server-signature-invalid': 'The answer is not signed by the server we know',
  'not-enrolled': 'This device is not signed in',
  'target-not-found': 'There is no such target for you',
  'not-permitted': 'No access rule lets you in here',
  locked: 'Locked for you',
  'access-request-not-found': 'There is no such access request for you',
  'access-request-refused': 'The access request was not taken',
  'approval-missing': 'Someone has to approve this first',
  'host-key-mismatch': 'Its host key is not the one we know',
  'no-common-algorithm': 'No modern algorithm in common',
  'login-refused': 'The target refused the login',
  'login-signature-refused': 'The server did not sign this login',
  'connection-lost': 'The connection broke',
  'shell-refused': 'The target gave no shell',
  'target-unreachable': 'The target does not answer',
  'relay-refused': 'The relay did not let this connection through',
  'recording-not-found': 'There is no such recording for you',
  'record-write-failed': 'Stopped: the record could not be written',
  'verification-failed': 'This recording does not verify',
  'unlock-refused': 'You may not open this recording',
  'recording-not-stored-yet': 'This recording is not stored yet',
  'hold-as-it-was': 'The legal hold was not changed',
  'search-off': 'Search is switched off',
  'search-too-wide': 'There is too much to look through',
  'too-many-requests': 'Too many requests',
  'vault-unavailable': 'The vault does not answer',
  'store-unavailable': 'The recording store does not answer',
  'process-crashed': 'A process of Sallyport stopped',
  'process-unresponsive': 'A process of Sallyport does not answer',
};

/** A title for a code: a few words, no full stop. The problem's own message says why and what to do. */
export function titleOf(code: ErrorCode): string {
  return titles[errorCodes[code]] ?? 'That did not work';
}

/** What to offer beside an error of this code. */
export function actionFor(code: ErrorCode): ErrorAction {
  const outcome: ErrorOutcome = outcomeOf(code);
  switch (outcome) {
    case 'retry':
      return 'retry';
    case 'sign-in-again':
    case 'ask':
      return 'copy';
    case 'fatal':
      return 'copy';
    default:
      return assertNever(outcome);
  }
}

/** The text that "Copy details" puts on the clipboard: everything a colleague needs, nothing secret. */
export function detailsOf(title: string, problem: Problem, extra: Record<string, string> = {}): string {
  const facts = Object.entries({ ...extra, ...problem.facts }).map(([name, value]) => `${name}: ${value}`);
  return [`${title} (${problem.code})`, problem.message, ...facts].join('\n');
}
