import { createHash, type KeyObject } from 'node:crypto';
import { syncFolder, writeWhole } from '../../recording/files/durable.ts';
import { recordWriteFailed } from '../../recording/journal/journal-writer.ts';
import type { ManifestWriter } from '../../recording/manifest/manifest-writer.ts';
import { sealSegment } from '../../recording/segments/seal.ts';
import { writeManifestPair } from '../../recording/signatures/manifest-pair.ts';
import { signSsh } from '../../recording/signatures/sshsig.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import { namespaces } from '../../shared/protocol/signed.ts';
import type { EndLine } from '../../shared/record/manifest.ts';
import { segmentFile } from '../../shared/record/segments.ts';
import type { SealedSegment } from './recorder.ts';
import { isFull, type Reserve } from './reserve.ts';
import type { CutSegment } from './segment-builder.ts';

/** Text that waits: above the first the session must stop reading, below the second it may go on. */
const backlogHigh = 2_097_152;
const backlogLow = 524_288;
/** Under a flood the manifest is signed once for several segments; alone, each is signed at once. */
const signAtMostFor = 8;

export interface SealerOptions {
  folder: string;
  manifest: ManifestWriter;
  sessionKey: KeyObject;
  recipients: Record<Stream, string[]>;
  reserve: Reserve;
  onSealed: (segment: SealedSegment) => void;
  onFailed: (error: SallyportError) => void;
}

/**
 * Seals cut segments one after another beside the session: zstd, age, file, manifest line, signature. When the disk is full it says that it failed,
 * so that the session stops, and seals the rest in the reserve. After any other failure it seals nothing more.
 */
export class Sealer {
  private readonly options: SealerOptions;
  private readonly queue: CutSegment[] = [];
  private backlog = 0;
  private failure: SallyportError | null = null;
  private inReserve = false;
  private running: Promise<void> | null = null;
  private waiting: { promise: Promise<void>; resolve: () => void } | null = null;
  private counts: Record<Stream, number> = { output: 0, input: 0 };

  constructor(options: SealerOptions) {
    this.options = options;
  }

  add(segment: CutSegment): void {
    if (this.failure !== null) return;
    this.queue.push(segment);
    this.backlog += segment.textBytes;
    this.running ??= this.run();
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

  /** Waits for everything that was added, then writes and signs the end line. Resolves false when it could not. */
  async finish(end: Omit<EndLine, 'previous' | 'outputSegments' | 'inputSegments'>): Promise<boolean> {
    while (this.running !== null) await this.running;
    if (this.failure !== null) return false;
    try {
      this.options.manifest.end({ ...end, outputSegments: this.counts.output, inputSegments: this.counts.input });
      await this.write(() => this.sign());
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
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
    const sealed: SealedSegment[] = [];
    while (sealed.length < signAtMostFor) {
      const segment = this.queue.shift();
      if (segment === undefined) break;
      sealed.push(await this.seal(segment));
      this.release(segment.textBytes);
    }
    await this.write(() => syncFolder(this.options.folder));
    await this.write(() => this.sign());
    for (const segment of sealed) this.options.onSealed(segment);
  }

  private async seal(segment: CutSegment): Promise<SealedSegment> {
    const { stream, seq, t0, t1, events, frames, why } = segment;
    const stored = await sealSegment(Buffer.concat(segment.text), {
      level: segment.level,
      recipients: this.options.recipients[stream],
    });
    const file = segmentFile(stream, seq);
    await this.write(() => writeWhole(this.options.folder, file, stored));
    const sha256 = createHash('sha256').update(stored).digest('hex');
    this.options.manifest.segment({ stream, seq, file, sha256, bytes: stored.length, t0, t1, events, frames, why });
    this.counts[stream] += 1;
    return { stream, seq, bytes: stored.length, sha256 };
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
    this.queue.length = 0;
    this.release(this.backlog);
    this.options.onFailed(this.failure);
  }
}

function asWriteFailure(error: unknown): SallyportError {
  return error instanceof SallyportError ? error : recordWriteFailed(error);
}
