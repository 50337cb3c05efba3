import type { RecordingView } from '../../../shared/model/recording.ts';

// The kinds that come with a code and a whole message (shared/record/end-reason.ts).
const failures: Readonly<Record<string, string>> = {
  'recorder-failed': 'The recorder failed',
  'host-key-mismatch': 'Stopped at the host key',
  'auth-failed': 'Login refused',
  'connect-failed': 'Could not connect',
  'process-crashed': 'The session process stopped',
};

/** An end reason of the record in two parts: words that may be shortened, and the code, which may not. `whole`: with the message that came with it. Pure. */
export function endParts(reason: string, whole = false): { words: string; code: string | null } {
  const [, kind, code, message] = /^([a-z-]+) \((SP-\d{4})\): (.*)$/s.exec(reason) ?? [];
  const words = failures[kind ?? ''];
  if (words === undefined || code === undefined)
    return { words: reason.slice(0, 1).toUpperCase() + reason.slice(1), code: null };
  return { words: whole ? `${words}: ${message}` : words, code };
}

/** An end reason as a list says it, "Could not connect SP-2104". Pure. */
export function endWords(reason: string, whole = false): string {
  const { words, code } = endParts(reason, whole);
  return code === null ? words : `${words} ${code}`;
}

/** True where the session came to its own end: a shell that exited, however. A lost connection, a time limit or no known end is none. Pure. */
export function endedItself(reason: string | null): boolean {
  return reason !== null && /^exit\b/i.test(reason);
}

/** True while more of this recording is still to come from a session that goes on. Pure. */
export function isRunning(recording: RecordingView): boolean {
  return recording.endedAt === null && (recording.state === 'receiving' || recording.state === 'started');
}
