import { createHash, type KeyObject } from 'node:crypto';
import { syncFolder, writeWhole } from '../../recording/files/durable.ts';
import { recordTooLong, recordWriteFailed } from '../../recording/journal/journal-writer.ts';
import type { ManifestWriter } from '../../recording/manifest/manifest-writer.ts';
import { sealSegment } from '../../recording/segments/seal.ts';
import { writeManifestPair } from '../../recording/signatures/manifest-pair.ts';
import { signSsh } from '../../recording/signatures/sshsig.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream, PartKind } from '../../shared/model/recording.ts';
import { namespaces, receiptPayloadSchema, type Signed } from '../../shared/protocol/signed.ts';
import type { CastHeader } from '../../shared/record/events.ts';
import { type EndLine, manifestBytesAtMost as manifestLimit } from '../../shared/record/manifest.ts';
import { partFile } from '../../shared/record/parts.ts';
import type { AnchorToKeep, SealedPart } from './recorder.ts';
import { isFull, type Reserve } from './reserve.ts';
import type { CutSegment } from './segment-builder.ts';
import { SegmentScreen } from './segment-screen.ts';

/** Text that waits: above the first the session must stop reading, below the second it may go on. */
const backlogHigh = 2_097_152;
const backlogLow = 524_288;
/** Of a manifest, for what is open or waits when no more is taken, and for the end. */
const manifestRoom = 262_144;
/** Under a flood the manifest is signed once for several segments; alone, each is signed at once. */
const signAtMostFor = 8;

export interface SealerOptions {
  folder: string;
  manifest: ManifestWriter;
  sessionKey: KeyObject;
  recipients: Record<KeyedStream, string[]>;
  reserve: Reserve;
  /** Bytes of a manifest that the server takes; smaller in tests. */
  manifestBytesAtMost?: number | undefined;
  session: string;
  castHeader: CastHeader;
  onSealed: (part: SealedPart) => void;
  onFailed: (error: SallyportError) => void;
}

/** One thing that becomes a line of the manifest, or two. */
interface Job {
  /** Bytes of text that wait in it. */
  textBytes: number;
  /** Writes the files and the lines. Empty when there is no file to tell of. */
  run(): Promise<SealedPart[]>;
  /** The signed manifest that names it is on disk. */
  signed?(): void;
  /** It will never be there. */
  failed?(error: SallyportError): void;
}

/** What the sealer counts itself. */
type Counted = 'previous' | 'outputSegments' | 'inputSegments' | 'textSegments' | 'anchors';

/**
 * Seals what was cut, one after another beside the session: zstd, age, file, manifest line, signature; anchors and receipts stand in the same queue. When
 * the disk is full it says that it failed, so that the session stops, and seals the rest in the reserve. After any other failure it seals
 * nothing more.
 */
export class Sealer {
  private readonly options: SealerOptions;
  private readonly queue: Job[] = [];
  private readonly screen: SegmentScreen;
  private backlog = 0;
  private failure: SallyportError | null = null;
  private inReserve = false;
  private isLong = false;
  private finishing = false;
  private running: Promise<void> | null = null;
  private waiting: { promise: Promise<void>; resolve: () => void } | null = null;
  private readonly counts: Record<PartKind, number> = { output: 0, input: 0, text: 0, anchor: 0 };
  private receiptLines = 0;

  constructor(options: SealerOptions) {
    this.options = options;
    const { cols, rows } = options.castHeader.term;
    this.screen = new SegmentScreen({ session: options.session, size: { cols, rows } });
  }

  add(segment: CutSegment): void {
    this.enqueue({ textBytes: segment.textBytes, run: () => this.seal(segment) });
  }

  /** `at`: when the exchange was over. Resolves and rejects as `Recorder.keepAnchor`. */
  keepAnchor(anchor: AnchorToKeep & { at: number }): Promise<void> {
    if (this.finishing) return Promise.reject(recordWriteFailed(new Error('closed')));
    const kept = Promise.withResolvers<void>();
    this.enqueue({
      textBytes: 0,
      run: async () => {
        let bytes: Uint8Array;
        try {
          bytes = await anchor.fileOf(this.counts.anchor);
        } catch (error) {
          // Nothing is wrong with the record: it just has no such anchor.
          kept.reject(error);
          return [];
        }
        return [await this.anchor(anchor, bytes)];
      },
      signed: () => kept.resolve(),
      failed: (error) => kept.reject(error),
    });
    return kept.promise;
  }

  /** The line is signed with the next part's, or the end's: a signature of its own would be sent, and answered with the next receipt, for ever. */
  receipt(signed: Signed): void {
    if (this.finishing) return;
    this.enqueue({
      textBytes: 0,
      run: async () => {
        const { lines } = receiptPayloadSchema.parse(JSON.parse(signed.payload));
        if (lines <= this.receiptLines) return [];
        this.receiptLines = lines;
        this.options.manifest.receipt({ lines, sha256: sha256(Buffer.from(signed.payload, 'utf8')) });
        return [];
      },
    });
  }

  /** Null while the backlog is small, else resolves when it is small again (or will never be, after a failure). */
  drained(): Promise<void> | null {
    if (this.waiting !== null) return this.waiting.promise;
    if (this.backlog <= backlogHigh || this.failure !== null) return null;
    this.waiting = Promise.withResolvers<void>();
    return this.waiting.promise;
  }

  /** Signs the manifest as it is now, so that there is one from the start. Throws SP-3011. */
  async begin(): Promise<void> {
    await this.sign().catch((error: unknown) => Promise.reject(asWriteFailure(error)));
  }

  /** Resolves when everything that was added is named by a signed manifest, or never will be. */
  async settled(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  /** Waits for everything that was added, then writes and signs the end line. Resolves false when it could not. */
  async finish(end: Omit<EndLine, Counted>): Promise<boolean> {
    this.finishing = true;
    await this.settled();
    if (this.failure !== null) return false;
    try {
      const { output, input, text, anchor } = this.counts;
      this.options.manifest.end({
        ...end,
        outputSegments: output,
        inputSegments: input,
        textSegments: text,
        anchors: anchor,
      });
      await this.write(() => this.sign());
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  private enqueue(job: Job): void {
    if (this.failure !== null) {
      job.failed?.(this.failure);
      return;
    }
    this.queue.push(job);
    this.backlog += job.textBytes;
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    try {
      while (this.queue.length > 0) await this.sealSome();
    } catch (error) {
      this.fail(error);
    } finally {
      this.running = null;
    }
  }

  private async sealSome(): Promise<void> {
    const done: { job: Job; parts: SealedPart[] }[] = [];
    try {
      while (done.length < signAtMostFor) {
        const job = this.queue.shift();
        if (job === undefined) break;
        const one = { job, parts: [] as SealedPart[] };
        done.push(one);
        one.parts = await job.run();
        this.release(job.textBytes);
      }
      this.stopWhenLong();
      if (done.some(({ parts }) => parts.length > 0)) {
        await this.write(() => syncFolder(this.options.folder));
        await this.write(() => this.sign());
      }
    } catch (error) {
      for (const { job } of done) job.failed?.(asWriteFailure(error));
      throw error;
    }
    for (const { job, parts } of done) {
      for (const part of parts) this.options.onSealed(part);
      job.signed?.();
    }
  }

  /** A manifest that the server refuses would never be stored: the record ends before, while there is room for its end. */
  private stopWhenLong(): void {
    const { manifest, manifestBytesAtMost: atMost = manifestLimit } = this.options;
    if (this.isLong || manifest.bytes <= atMost - manifestRoom) return;
    this.isLong = true;
    this.options.onFailed(recordTooLong());
  }

  private async seal(segment: CutSegment): Promise<SealedPart[]> {
    if (segment.stream === 'input') return [await this.sealText(segment, 'input', segment.text)];
    const { keyframe, sidecar } = await this.screen.follow(segment, { text: !this.inReserve });
    const [first = Buffer.alloc(0), ...rest] = segment.text;
    const text = keyframe === null ? segment.text : [first, Buffer.from(keyframe), ...rest];
    // Beside its segment, so that nobody reads a segment as searched that is not.
    return [
      await this.sealText(segment, 'output', text),
      await this.sealText({ ...segment, events: {}, frames: 0 }, 'text', [Buffer.from(sidecar)]),
    ];
  }

  private async sealText(segment: CutSegment, stream: KeyedStream, text: Buffer[]): Promise<SealedPart> {
    const { seq, t0, t1, events, frames, why } = segment;
    const stored = await sealSegment(Buffer.concat(text), {
      level: segment.level,
      recipients: this.options.recipients[stream],
    });
    const kept = await this.keep(stream, seq, stored);
    const { file, sha256, bytes } = kept;
    this.options.manifest.segment({ stream, seq, file, sha256, bytes, t0, t1, events, frames, why });
    return kept;
  }

  private async anchor(anchor: AnchorToKeep & { at: number }, stored: Uint8Array): Promise<SealedPart> {
    const { at, subject, lines } = anchor;
    const seq = this.counts.anchor;
    const kept = await this.keep('anchor', seq, stored);
    const { file, sha256, bytes } = kept;
    this.options.manifest.anchor({ seq, file, sha256, bytes, at, subject, lines });
    return kept;
  }

  private async keep(stream: PartKind, seq: number, stored: Uint8Array): Promise<SealedPart & { file: string }> {
    const file = partFile(stream, seq);
    await this.write(() => writeWhole(this.options.folder, file, stored));
    this.counts[stream] += 1;
    return { stream, seq, file, bytes: stored.length, sha256: sha256(stored) };
  }

  /** Writes; on a full disk once more, in the reserve. */
  private async write(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isFull(error) || this.inReserve) throw error;
      this.inReserve = true;
      // The journal may have met the full disk first, and the room be given back in this moment.
      await this.options.reserve.release();
      this.options.onFailed(asWriteFailure(error));
      await work();
    }
  }

  private async sign(): Promise<void> {
    const manifest = this.options.manifest.text;
    const signature = signSsh({
      privateKey: this.options.sessionKey,
      namespace: namespaces.recording,
      message: manifest,
    });
    await writeManifestPair(this.options.folder, { manifest, signature });
  }

  private release(bytes: number): void {
    this.backlog -= bytes;
    if (this.backlog > backlogLow) return;
    this.waiting?.resolve();
    this.waiting = null;
  }

  private fail(error: unknown): void {
    this.failure = asWriteFailure(error);
    for (const job of this.queue.splice(0)) job.failed?.(this.failure);
    this.release(this.backlog);
    this.options.onFailed(this.failure);
  }
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function asWriteFailure(error: unknown): SallyportError {
  return error instanceof SallyportError ? error : recordWriteFailed(error);
}
