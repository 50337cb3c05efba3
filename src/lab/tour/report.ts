import type { ErrorCode } from '../../shared/errors/codes.ts';

export const stepNames = [
  'targets',
  'session-open',
  'typed',
  'recording-stored',
  'verified',
  'killed',
  'replayed',
] as const;
export type StepName = (typeof stepNames)[number];

/** One line of the tour. Facts of a step stand beside its name; a failed step has a code and words instead, and is the last. */
export type TourLine =
  | { step: 'targets'; ok: true; targets: string[]; ms: number }
  | {
      step: 'session-open';
      ok: true;
      target: string;
      sessionId: string;
      ms: number;
      login: 'certificate';
      as: string;
      authority: string;
    }
  | { step: 'typed'; ok: true; nonce: string; echoMs: number }
  | { step: 'recording-stored'; ok: true; segments: number; bytes: number; lagMs: number }
  | { step: 'verified'; ok: true; with: string[]; nonceIn: string[] }
  | {
      step: 'killed';
      ok: true;
      by: string;
      reason: string;
      orderToSocketClosedMs: { relay: number; target: number };
      locked: boolean;
    }
  | { step: 'replayed'; ok: true; spool: 'empty'; verified: boolean }
  | { step: 'done'; ok: true; electron: string; screenshots: string[] }
  | { step: StepName | 'start'; ok: false; code: ErrorCode; message: string };

function words(line: TourLine): string {
  if (!line.ok) return `${line.message} (${line.code})`;
  switch (line.step) {
    case 'targets':
      return `${line.targets.length} targets after ${line.ms} ms: ${line.targets.join(', ')}`;
    case 'session-open':
      return `${line.target} at its prompt ${line.ms} ms after Enter; sshd: ${line.login} "${line.as}"`;
    case 'typed':
      return `${line.nonce} echoed after ${line.echoMs} ms, and it is on the target`;
    case 'recording-stored':
      return `${line.segments} segments, ${line.bytes} bytes, central ${line.lagMs} ms after the end`;
    case 'verified':
      return `by ${line.with.join(', ')} alone: signatures, chain and digests hold, the text is in ${line.nonceIn.join(' and ')}`;
    case 'killed':
      return `by ${line.by}: relay closed after ${line.orderToSocketClosedMs.relay} ms, sshd saw it after ${line.orderToSocketClosedMs.target} ms${line.locked ? ', locked' : ''}`;
    case 'replayed':
      return 'spool empty; a fresh process fetched the recording and shows the text';
    case 'done':
      return `Electron ${line.electron}; ${line.screenshots.length} screenshots in ${line.screenshots[0]?.replace(/[^/\\]+$/, '') ?? ''}`;
  }
}

/** Writes lines to standard output: JSON for programs, one readable line each for people. */
export function tourPrinter(json: boolean): (line: TourLine) => void {
  return (line) => {
    if (json) console.log(JSON.stringify(line));
    else console.log(`${line.ok ? 'ok    ' : 'FAILED'} ${line.step.padEnd(17)} ${words(line)}`);
  };
}
