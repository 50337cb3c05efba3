import { type Problem, SallyportError, toProblem } from '../shared/errors/result.ts';
import type { EndReason } from '../shared/model/session.ts';
import type { GrantPayload } from '../shared/protocol/signed.ts';
import type { Stray } from '../ssh/one-channel.ts';

/** Somebody who should know better sent what is no message. */
export function malformedReason(who: string): EndReason {
  const problem: Problem = {
    code: 'SP-9002',
    message: `${who} sent the session something that is no message. The session was ended to be safe. Connect again; if it stays, reinstall Sallyport.`,
  };
  return { kind: 'process-crashed', problem };
}

/** The target did what only a hostile one does. */
export function channelFloodReason(grant: Pick<GrantPayload, 'target'>): EndReason {
  const { name, host, port } = grant.target;
  const problem: Problem = {
    code: 'SP-2050',
    message: `${name} tried to open a thousand channels to this machine, which no honest target does. All were refused, and the connection was cut. Do not connect again before its owner has looked at it.`,
    facts: { address: `${host}:${port}` },
  };
  return { kind: 'connect-failed', problem };
}

/** The target broke the rules of its one channel, and what crossed is not what is recorded. */
export function strayReason(grant: Pick<GrantPayload, 'target'>, what: Stray): EndReason {
  const { name, host, port } = grant.target;
  const problem: Problem = {
    code: 'SP-2050',
    message: `${name} ${what}, which no honest target does. None of it was shown, and the connection was cut. What crossed may be more than the record holds. Do not connect again before its owner has looked at it.`,
    facts: { address: `${host}:${port}` },
  };
  return { kind: 'connect-failed', problem };
}

/** Why a session ends when starting it threw `error`. */
export function reasonOf(error: unknown): EndReason {
  const problem = toProblem(error);
  if (!(error instanceof SallyportError)) return { kind: 'process-crashed', problem };
  switch (problem.code) {
    case 'SP-2031':
      return { kind: 'host-key-mismatch', problem };
    case 'SP-2040':
    case 'SP-2041':
    case 'SP-2043':
    case 'SP-2044':
      return { kind: 'auth-failed', problem };
    case 'SP-3011':
      return { kind: 'recorder-failed', problem };
    default:
      return { kind: 'connect-failed', problem };
  }
}
