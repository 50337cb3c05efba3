import type { SessionToOwner } from '../shared/protocol/session-control.ts';
import type { SessionToScreen } from '../shared/protocol/session-port.ts';
import type { Recorder, SyncedHead } from './recorder/recorder.ts';

/** Reports are at most one in this many milliseconds; the last one is never lost. */
const intervalMs = 250;
/**
 * A quiet session says its head again after this many milliseconds: the control server renews leases only while heads come, and a session in
 * which nobody types must not die of that.
 */
export const repeatMs = 2000;

export interface RecordReport {
  /** Ends the repeats of a quiet session; what is synced afterwards is told still. */
  stop(): void;
  /** The record has stopped and the session goes on: the last head is repeated all the same, as a sign of life and never more than was recorded. */
  unrecorded(): void;
}

/** Tells the owner and the screen what is on disk and what is sealed. */
export function reportRecord(
  recorder: Pick<Recorder, 'head' | 'onHead' | 'onSealed'>,
  toOwner: (message: SessionToOwner) => void,
  toScreen: (message: Extract<SessionToScreen, { type: 'record' }>) => void,
): RecordReport {
  let latest: SyncedHead | null = null;
  let told: SyncedHead | null = null;
  let sealedSegments = 0;
  let isUnrecorded = false;
  let timer: NodeJS.Timeout | undefined;
  const repeating = setInterval(repeat, repeatMs);

  function tellOwner(head: SyncedHead): void {
    const { outputBytes, inputBytes, frames, chain, syncedAt } = head;
    toOwner({ type: 'head', outputBytes, inputBytes, frames, chain, syncedAt });
  }

  function report(): void {
    if (latest === null) return;
    const { outputBytes, inputBytes, syncedAt } = latest;
    tellOwner(latest);
    toScreen({
      type: 'record',
      writtenBytes: outputBytes + inputBytes,
      syncedAtMs: Date.parse(syncedAt),
      sealedSegments,
    });
    told = latest;
    latest = null;
    repeating.refresh();
    timer = setTimeout(() => {
      timer = undefined;
      report();
    }, intervalMs);
  }

  /** Only while the disk holds everything: a recorder whose sync hangs must look as dead as it is. */
  function repeat(): void {
    if (told !== null && (isUnrecorded || recorder.head().frames === told.frames)) tellOwner(told);
  }

  recorder.onHead((head) => {
    latest = head;
    if (timer === undefined) report();
  });
  recorder.onSealed((part) => {
    if (part.stream === 'output' || part.stream === 'input') sealedSegments += 1;
    toOwner({ type: 'sealed', stream: part.stream, seq: part.seq, bytes: part.bytes });
  });
  return {
    stop: () => clearInterval(repeating),
    unrecorded() {
      isUnrecorded = true;
      told ??= { ...recorder.head(), syncedAt: new Date().toISOString() };
    },
  };
}
