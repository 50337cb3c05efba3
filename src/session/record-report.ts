import type { SessionToOwner } from '../shared/protocol/session-control.ts';
import type { SessionToScreen } from '../shared/protocol/session-port.ts';
import type { Recorder, SyncedHead } from './recorder/recorder.ts';

/** Reports are at most one in this many milliseconds; the last one is never lost. */
const intervalMs = 250;

/** Tells the owner and the screen what is on disk and what is sealed. */
export function reportRecord(
  recorder: Recorder,
  toOwner: (message: SessionToOwner) => void,
  toScreen: (message: Extract<SessionToScreen, { type: 'record' }>) => void,
): void {
  let latest: SyncedHead | null = null;
  let sealedSegments = 0;
  let timer: NodeJS.Timeout | undefined;

  function report(): void {
    if (latest === null) return;
    const { outputBytes, inputBytes, frames, chain, syncedAt } = latest;
    toOwner({ type: 'head', outputBytes, inputBytes, frames, chain, syncedAt });
    toScreen({
      type: 'record',
      writtenBytes: outputBytes + inputBytes,
      syncedAtMs: Date.parse(syncedAt),
      sealedSegments,
    });
    latest = null;
    timer = setTimeout(() => {
      timer = undefined;
      report();
    }, intervalMs);
  }

  recorder.onHead((head) => {
    latest = head;
    if (timer === undefined) report();
  });
  recorder.onSealed((segment) => {
    sealedSegments += 1;
    toOwner({ type: 'sealed', stream: segment.stream, seq: segment.seq, bytes: segment.bytes });
  });
}
