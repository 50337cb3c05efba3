import type { KeyObject } from 'node:crypto';
import { type JournalWriter, recordWriteFailed } from '../../recording/journal/journal-writer.ts';
import type { ManifestWriter } from '../../recording/manifest/manifest-writer.ts';
import { entersIn } from '../../recording/text-lines/screen-follower.ts';
import { type Problem, SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { KeyedStream, Stream } from '../../shared/model/recording.ts';
import type { EndReason } from '../../shared/model/session.ts';
import type { Signed } from '../../shared/protocol/signed.ts';
import { endReasonText } from '../../shared/record/end-reason.ts';
import { type CastHeader, streamOf } from '../../shared/record/events.ts';
import { endedKind, markerText } from '../../shared/record/markers.ts';
import { type CloseReason, eventBytesAtMost, segmentMs } from '../../shared/record/segments.ts';
import { JournalSync } from './journal-sync.ts';
import type { AnchorToKeep, JournalHead, Recorder, SealedPart, SyncedHead } from './recorder.ts';
import type { Reserve } from './reserve.ts';
import { Sealer } from './sealer.ts';
import { SegmentBuilder } from './segment-builder.ts';

export interface JournaledRecorderOptions {
  folder: string;
  journal: JournalWriter;
  manifest: ManifestWriter;
  sessionKey: KeyObject;
  recipients: Record<KeyedStream, string[]>;
  reserve: Reserve;
  manifestBytesAtMost?: number | undefined;
  session: string;
  castHeader: CastHeader;
  /** Whole milliseconds since the start, on a monotonic clock. */
  now: () => number;
}

/** Journal first, then the open segment's text; what the journal did not take is in neither. */
export class JournaledRecorder implements Recorder {
  private readonly journal: JournalWriter;
  private readonly manifest: ManifestWriter;
  private readonly sync: JournalSync;
  private readonly sealer: Sealer;
  private readonly reserve: Reserve;
  private readonly builders: Record<Stream, SegmentBuilder>;
  private readonly now: () => number;
  private readonly headListeners: ((head: SyncedHead) => void)[] = [];
  private readonly sealedListeners: ((part: SealedPart) => void)[] = [];
  private readonly failedListeners: ((problem: Problem) => void)[] = [];
  private readonly timers: Partial<Record<Stream, NodeJS.Timeout>> = {};
  private outputCutMs = -1;
  private failure: SallyportError | null = null;
  private closing: Promise<{ complete: boolean }> | null = null;

  constructor(options: JournaledRecorderOptions) {
    const { session, castHeader: header } = options;
    this.journal = options.journal;
    this.manifest = options.manifest;
    this.now = options.now;
    this.reserve = options.reserve;
    this.builders = {
      output: new SegmentBuilder({ stream: 'output', session, header }),
      input: new SegmentBuilder({
        stream: 'input',
        session,
        header,
        // By the events that are kept, which is what whoever checks the text has: a character that is cut comes with its last byte.
        onTyped: (data, atMs) => this.builders.output.typed(entersIn(data), atMs),
      }),
    };
    const onFailed = (error: SallyportError) => this.fail(error);
    const onHead = (head: SyncedHead) => {
      for (const listener of this.headListeners) listener(head);
    };
    const onSealed = (part: SealedPart) => {
      for (const listener of this.sealedListeners) listener(part);
    };
    this.sync = new JournalSync({ journal: options.journal, onFailed, onHead });
    this.sealer = new Sealer({ ...options, onFailed, onSealed });
  }

  /** Signs the manifest's header. Throws SP-3011. */
  async begin(): Promise<void> {
    await this.sealer.begin();
  }

  output(data: Uint8Array): number {
    return this.bytes('o', data);
  }

  input(data: Uint8Array): number {
    return this.bytes('i', data);
  }

  resize(cols: number, rows: number): void {
    this.fact('r', `${cols}x${rows}`);
  }

  marker(text: string): void {
    this.fact('m', text);
  }

  exit(status: string): void {
    this.fact('x', status);
  }

  drained(): Promise<void> | null {
    return this.sealer.drained();
  }

  head(): JournalHead {
    return this.journal.head();
  }

  onHead(listener: (head: SyncedHead) => void): void {
    this.headListeners.push(listener);
  }

  onSealed(listener: (part: SealedPart) => void): void {
    this.sealedListeners.push(listener);
  }

  onFailed(listener: (problem: Problem) => void): void {
    this.failedListeners.push(listener);
  }

  covered(): { lines: number; digest: string } {
    return this.manifest.covered();
  }

  headOf(lines: number): string | null {
    return this.manifest.headOf(lines);
  }

  keepAnchor(anchor: AnchorToKeep): Promise<void> {
    return this.sealer.keepAnchor({ ...anchor, at: this.now() });
  }

  receipt(signed: Signed): void {
    this.sealer.receipt(signed);
  }

  async sealOpen(): Promise<void> {
    if (this.closing !== null) return;
    this.cutAll();
    await this.sealer.settled();
  }

  close(reason: EndReason): Promise<{ complete: boolean }> {
    this.closing ??= this.finish(reason);
    return this.closing;
  }

  private bytes(code: 'o' | 'i', data: Uint8Array): number {
    // A sealer that failed first has given the reserve back: it is for the end, not for more to be shown.
    if (this.failure !== null) throw this.failure;
    const stream = streamOf(code);
    const atMs = this.nowOf(stream);
    let end = stream === 'output' ? this.journal.head().outputBytes : this.journal.head().inputBytes;
    for (let at = 0; at < data.length; at += eventBytesAtMost) {
      const part = data.subarray(at, at + eventBytesAtMost);
      end = this.write(code, part, atMs);
      this.builders[stream].bytes(code, part, atMs);
      this.cutIfDue(stream);
    }
    return end;
  }

  /** Input is later than all output that was cut off before it: so times alone tell what was on the screen when it was typed. */
  private nowOf(stream: Stream): number {
    return stream === 'input' ? Math.max(this.now(), this.outputCutMs + 1) : this.now();
  }

  private fact(code: 'r' | 'm' | 'x', text: string): void {
    const atMs = this.now();
    this.write(code, Buffer.from(text, 'utf8'), atMs);
    this.builders.output.fact(code, text, atMs);
    this.cutIfDue('output');
  }

  private write(code: 'o' | 'i' | 'r' | 'm' | 'x', data: Uint8Array, atMs: number): number {
    if (this.closing !== null) throw new Error('the recorder is closed');
    const { end, written } = this.journal.append(code, data, atMs);
    this.sync.wrote(written);
    return end;
  }

  private cutIfDue(stream: Stream): void {
    const why = this.builders[stream].due(this.now());
    if (why !== null) this.cut(stream, why);
    if (why !== null && stream === 'output') this.changeKeysIfDue();
    // Without a further event nothing would ask again: the last one's segment is closed by the clock.
    if (this.builders[stream].since !== null) {
      this.timers[stream] ??= setTimeout(() => {
        delete this.timers[stream];
        this.cutIfDue(stream);
      }, segmentMs + 1).unref();
    }
  }

  /** Between segments of both streams, so that what is stored and what the journal still has to hold part at a change of keys. */
  private changeKeysIfDue(): void {
    if (!this.journal.keysAreDue(this.now())) return;
    this.cut('input', 'keys');
    try {
      this.sync.wrote(this.journal.changeKeys(this.now()).written);
    } catch (error) {
      // What was recorded before may still be shown; nothing more is taken.
      this.fail(error instanceof SallyportError ? error : recordWriteFailed(error));
    }
  }

  private cut(stream: Stream, why: CloseReason): void {
    const nowMs = this.nowOf(stream);
    const segment = this.builders[stream].cut({ why, frames: this.journal.framesOf(stream), nowMs });
    if (stream === 'output') this.outputCutMs = this.now();
    clearTimeout(this.timers[stream]);
    delete this.timers[stream];
    if (segment !== null) this.sealer.add(segment);
  }

  private cutAll(): void {
    this.cut('output', 'end');
    this.cut('input', 'end');
  }

  private async finish(reason: EndReason): Promise<{ complete: boolean }> {
    if (reason.kind !== 'exit' && this.journal.failed === null) this.tryMarker(reason);
    // What is left to do may need it, and afterwards nobody does.
    await this.reserve.release();
    await this.sync.flush();
    this.cutAll();
    const head = this.journal.head();
    const complete = await this.sealer.finish({
      ...head,
      at: new Date().toISOString(),
      kind: reason.kind,
      reason: endReasonText(reason),
    });
    this.journal.close();
    return { complete };
  }

  private tryMarker(reason: EndReason): void {
    try {
      const text = markerText({ kind: endedKind, text: endReasonText(reason) });
      this.fact('m', text);
    } catch {
      // The journal has failed in this moment; the end line says so.
    }
  }

  private fail(error: SallyportError): void {
    if (this.failure !== null) return;
    this.failure = error;
    const problem = toProblem(error);
    for (const listener of this.failedListeners) listener(problem);
  }
}
