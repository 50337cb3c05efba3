import { sallyport } from '../../src/lab/control/command-line.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { people } from '../../src/lab/seed/people.ts';

/** What `sallyport recordings verify` says of a stored recording. */
export function verifyByCommandLine(lab: Lab, sessionId: string) {
  return sallyport(lab.control.socket, people.analyst.id, ['recordings', 'verify', sessionId]);
}
