import { lengthFault, programFault, recordFaultWords } from '../../recording/journal/journal-writer.ts';
import { type Problem, toProblem } from '../../shared/errors/result.ts';
import type { EndReason } from '../../shared/model/session.ts';
import type { Signed } from '../../shared/protocol/signed.ts';
import type { AnchorToKeep, JournalHead, Recorder, SealedPart, SyncedHead } from './recorder.ts';

const diskIsFine: ReadonlySet<string> = new Set([programFault, lengthFault]);

/** In the words of a session that goes on. */
function unrecorded(problem: Problem): Problem {
  const why = recordFaultWords(problem.facts?.fault);
  const now = diskIsFine.has(problem.facts?.fault ?? '')
    ? 'connect anew'
    : 'free space or repair the disk, then connect anew';
  return {
    ...problem,
    message: `The record of this session could not be written any more: ${why}. By your organisation's rules the session goes on, and from here on nothing of it is recorded. To be recorded again, ${now}.`,
  };
}

export interface BestEffortOptions {
  /** False while a record that fails must still end the session: it has not opened yet, or is at its end. */
  mayGoOn(): boolean;
  /** Once: nothing is recorded from here on. */
  stopped(problem: Problem): void;
}

/**
 * A recorder for sessions that by policy outlive their record. When the record fails, what was recorded is sealed with a signed end that says why, and from
 * then on bytes are counted and pass: offsets go on where they were.
 */
export class BestEffortRecorder implements Recorder {
  private readonly inner: Recorder;
  private readonly options: BestEffortOptions;
  private readonly failedListeners: ((problem: Problem) => void)[] = [];
  private readonly ends: { output: number; input: number };
  private closing: Promise<{ complete: boolean }> | null = null;
  private stopped = false;

  constructor(inner: Recorder, options: BestEffortOptions) {
    this.inner = inner;
    this.options = options;
    const { outputBytes, inputBytes } = inner.head();
    this.ends = { output: outputBytes, input: inputBytes };
    inner.onFailed((problem) => {
      // Its end could not be written either: nothing that a session which goes on has to know.
      if (this.stopped) return;
      if (this.closing === null && options.mayGoOn()) this.stop(problem);
      else for (const listener of this.failedListeners) listener(problem);
    });
  }

  output(data: Uint8Array): number {
    return this.bytes('output', data);
  }

  input(data: Uint8Array): number {
    return this.bytes('input', data);
  }

  resize(cols: number, rows: number): void {
    this.attempt(() => this.inner.resize(cols, rows));
  }

  marker(text: string): void {
    this.attempt(() => this.inner.marker(text));
  }

  exit(status: string): void {
    this.attempt(() => this.inner.exit(status));
  }

  drained(): Promise<void> | null {
    return this.stopped ? null : this.inner.drained();
  }

  head(): JournalHead {
    return this.inner.head();
  }

  onHead(listener: (head: SyncedHead) => void): void {
    this.inner.onHead(listener);
  }

  onSealed(listener: (part: SealedPart) => void): void {
    this.inner.onSealed(listener);
  }

  onFailed(listener: (problem: Problem) => void): void {
    this.failedListeners.push(listener);
  }

  covered(): { lines: number; digest: string } {
    return this.inner.covered();
  }

  headOf(lines: number): string | null {
    return this.inner.headOf(lines);
  }

  keepAnchor(anchor: AnchorToKeep): Promise<void> {
    return this.inner.keepAnchor(anchor);
  }

  receipt(signed: Signed): void {
    this.inner.receipt(signed);
  }

  async sealOpen(): Promise<void> {
    if (!this.stopped) await this.inner.sealOpen();
  }

  /** After the record has stopped: how that end was signed, whatever the reason is now. */
  close(reason: EndReason): Promise<{ complete: boolean }> {
    this.closing ??= this.inner.close(reason);
    return this.closing;
  }

  private bytes(stream: 'output' | 'input', data: Uint8Array): number {
    this.attempt(() => this.inner[stream](data));
    // Also when a part of these bytes was recorded before the record failed: all of them pass.
    this.ends[stream] += data.length;
    return this.ends[stream];
  }

  /** Does it, unless the record has stopped. Throws what it threw where the session must end of it. */
  private attempt(record: () => unknown): void {
    if (this.stopped) return;
    try {
      record();
    } catch (error) {
      // Its own listener may have stopped it while it was at it.
      if (this.stopped) return;
      if (this.closing !== null || !this.options.mayGoOn()) throw error;
      this.stop(toProblem(error));
    }
  }

  private stop(problem: Problem): void {
    if (this.stopped) return;
    this.stopped = true;
    const told = unrecorded(problem);
    this.closing = this.inner.close({ kind: 'recorder-failed', problem: told });
    this.options.stopped(told);
  }
}
