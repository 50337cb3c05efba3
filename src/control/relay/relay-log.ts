import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';

/** One line of relay.log, what an observer outside this process reads (docs/architecture.md). Times are ISO 8601 UTC, `ms` monotonic milliseconds. */
export interface RelayLogLine {
  at: string;
  event: 'open' | 'closed' | 'refused';
  sessionId: string;
  targetAddress: string;
  bytesToTarget: number;
  bytesFromTarget: number;
  why: string;
  /** Of a kill: the order, and the time from its acceptance to the closed socket. */
  orderId?: string;
  ms?: number;
}

export interface RelayLog {
  /** Written, though not synced, when it returns. Throws when it cannot be. */
  write(line: RelayLogLine): void;
  close(): void;
}

/** Appends to relay.log (0600) in the data folder. */
export function openRelayLog(dataFolder: string): RelayLog {
  const file = openSync(path.join(dataFolder, 'relay.log'), 'a', 0o600);
  return {
    // JSON.stringify escapes control characters: one event stays one line.
    write: (line) => void writeSync(file, `${JSON.stringify(line)}\n`),
    close: () => closeSync(file),
  };
}
