import { assertNever } from '../errors/result.ts';
import type { EndReason } from '../model/session.ts';

/** The end reason as the manifest's end line and every screen say it, e.g. "exit 0", "killed by Mira Okafor: wrong host". */
export function endReasonText(reason: EndReason): string {
  switch (reason.kind) {
    case 'exit':
      if (reason.signal !== null) return `exit by signal ${reason.signal}`;
      return reason.status === null ? 'exit without a status' : `exit ${reason.status}`;
    case 'disconnected':
      return {
        person: 'disconnected',
        target: 'closed by the target',
        network: 'connection lost',
        quit: 'launcher quit',
        revoked: 'the device lost its access',
      }[reason.by];
    case 'killed':
      return `killed by ${reason.by}: ${reason.reason}`;
    case 'lease-expired':
      return 'ended: no contact with the control server';
    case 'idle':
      return 'ended: idle for too long';
    case 'time-limit':
      return 'ended: time limit reached';
    case 'recorder-failed':
    case 'host-key-mismatch':
    case 'auth-failed':
    case 'connect-failed':
    case 'process-crashed':
      return `${reason.kind} (${reason.problem.code}): ${reason.problem.message}`;
    default:
      return assertNever(reason);
  }
}
