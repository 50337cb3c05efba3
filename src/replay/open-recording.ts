import { readJournal } from '../recording/journal/read-journal.ts';
import { openSegment } from '../recording/segments/seal.ts';
import { parseCast } from '../recording/text/cast.ts';
import { type Verification, verifyRecording } from '../recording/verify/verify-recording.ts';
import { SallyportError } from '../shared/errors/result.ts';
import type { KeyedStream, RecordingView, Stream } from '../shared/model/recording.ts';
import { type Check, notFinishedYet, type ReplayToScreen } from '../shared/protocol/replay.ts';
import type { RecordedEvent } from '../shared/record/events.ts';
import type { Manifest, SegmentLine } from '../shared/record/manifest.ts';
import { EventStore } from './event-store.ts';
import type { Fetcher, ManifestAnswer } from './fetcher.ts';
import { Timeline } from './timeline.ts';
import { type Identities, unlockStreams } from './unlock.ts';

type Opened = Extract<ReplayToScreen, { type: 'opened' }>;
type Progress = Extract<ReplayToScreen, { type: 'progress' }>;

export interface OpenOptions {
  recording: RecordingView;
  /** The key this device pinned; not what the answer says. */
  serverKey: string;
  fetcher: Fetcher;
  progress: (progress: Omit<Progress, 'type'>) => void;
  /** For tests; bytes of decoded output that are kept. */
  storeBytes?: number;
}

export interface OpenedRecording {
  store: EventStore;
  opened: Opened;
}

/** Opens one recording. What fails to verify is opened all the same and named; what cannot be opened at all throws. */
export async function openRecording(options: OpenOptions): Promise<OpenedRecording> {
  return new Opening(options).run();
}

class Opening {
  private readonly options: OpenOptions;
  private readonly store: EventStore;
  private readonly timeline = new Timeline();
  private readonly stored = new Map<string, Uint8Array>();
  private readonly checks: Check[] = [];
  private readonly gaps: string[] = [];
  private readonly bytes: Record<Stream, number> = { output: 0, input: 0 };
  private terminal = { cols: 80, rows: 24 };

  constructor(options: OpenOptions) {
    this.options = options;
    this.store = new EventStore(options.storeBytes);
  }

  async run(): Promise<OpenedRecording> {
    const { recording, fetcher } = this.options;
    const verification = await this.verify();
    const manifest = verification?.manifest ?? null;
    const hasJournal = recording.journal !== null;
    if (manifest === null && !hasJournal) throw this.nothingStored(verification);
    const identities = await unlockStreams(fetcher, recording);
    if (manifest !== null) {
      this.terminal = manifest.header.terminal;
      await this.decrypt(manifest, identities);
    }
    if (hasJournal && manifest?.end == null) await this.readJournal(manifest, identities);
    else if (manifest !== null) this.checkContents(manifest, identities);
    return { store: this.store, opened: this.opened(manifest, identities) };
  }

  private async verify(): Promise<Verification | null> {
    const answer = await this.manifest();
    if (answer === null) return null;
    const total = this.options.recording.segments.length;
    let done = 0;
    const verification = await verifyRecording({
      ...answer,
      serverKey: this.options.serverKey,
      // Main's own, from the enrolment.
      serverKeyPinned: true,
      segment: async (stream, seq) => {
        this.options.progress({ what: 'fetching', done, total: Math.max(total, done) });
        done += 1;
        return this.fetchSegment(stream, seq);
      },
    });
    this.options.progress({ what: 'verifying', done: verification.checks.length, total: verification.checks.length });
    this.checks.push(...verification.checks);
    return verification;
  }

  /** Null when nothing but a journal was ever stored. */
  private async manifest(): Promise<ManifestAnswer | null> {
    try {
      return await this.options.fetcher.manifest();
    } catch (error) {
      const isMissing = error instanceof SallyportError && (error.code === 'SP-3001' || error.code === 'SP-3032');
      if (!isMissing || this.options.recording.journal === null) throw error;
      this.checks.push({
        name: 'manifest',
        ok: false,
        detail: 'none was stored: the session process ended before its first segment was sealed',
      });
      return null;
    }
  }

  private async fetchSegment(stream: KeyedStream, seq: number): Promise<Uint8Array | null> {
    try {
      const bytes = await this.options.fetcher.segment(stream, seq);
      this.stored.set(`${stream} ${seq}`, bytes);
      return bytes;
    } catch (error) {
      if (error instanceof SallyportError && ['SP-3001', 'SP-3032', 'SP-5002'].includes(error.code)) return null;
      throw error;
    }
  }

  private nothingStored(verification: Verification | null): SallyportError {
    const where = verification?.firstBad;
    const why = where == null ? 'nothing of it is stored yet' : `${where.where}: ${where.what}`;
    return new SallyportError('SP-3030', `This recording cannot be opened: ${why}`.slice(0, 1900));
  }

  private async decrypt(manifest: Manifest, identities: Identities): Promise<void> {
    const lines = manifest.segments.filter((line) => identities[line.stream] !== undefined);
    for (const [index, line] of lines.entries()) {
      this.options.progress({ what: 'decrypting', done: index, total: lines.length });
      const stored = this.stored.get(`${line.stream} ${line.seq}`);
      this.stored.delete(`${line.stream} ${line.seq}`);
      const fault =
        stored === undefined ? 'it is missing' : await this.addSegment(line, stored, identities[line.stream] ?? '');
      if (fault !== null) this.gaps.push(`${line.stream} segment ${line.seq} is not shown: ${fault}`);
    }
    this.stored.clear();
  }

  /** Adds a segment's events; returns why it could not, or null. */
  private async addSegment(line: SegmentLine, stored: Uint8Array, identity: string): Promise<string | null> {
    try {
      const { events, comment } = parseCast(await openSegment(stored, identity));
      if (line.seq > 0 && (comment?.stream !== line.stream || comment.segment !== line.seq))
        return 'it is not the segment the manifest says';
      this.add(line.stream, events);
      return null;
    } catch (error) {
      if (error instanceof SallyportError) return error.message;
      throw error;
    }
  }

  private add(stream: KeyedStream, events: readonly RecordedEvent[]): void {
    if (stream === 'text') return;
    for (const event of events) if (event.code === 'o' || event.code === 'i') this.bytes[stream] += event.data.length;
    this.timeline.add(events);
    if (stream === 'output') this.store.add(events);
  }

  /** What was decrypted must be as much as the signed end line says. */
  private checkContents(manifest: Manifest, identities: Identities): void {
    if (manifest.end === null || this.gaps.length > 0) return;
    const claimed: Record<Stream, number> = { output: manifest.end.outputBytes, input: manifest.end.inputBytes };
    const wrong = (Object.keys(identities) as Stream[]).find((stream) => claimed[stream] !== this.bytes[stream]);
    this.checks.push({
      name: 'contents',
      ok: wrong === undefined,
      detail:
        wrong === undefined
          ? `${this.bytes.output} bytes of output, as the end says`
          : `${wrong} holds ${this.bytes[wrong]} bytes, the end says ${claimed[wrong]}`,
    });
  }

  /** The journal of a session that crashed holds what was not sealed any more. */
  private async readJournal(manifest: Manifest | null, identities: Identities): Promise<void> {
    const covered = (stream: Stream) => manifest?.segments.findLast((line) => line.stream === stream)?.frames ?? 0;
    const from = { output: covered('output'), input: covered('input') };
    try {
      const journal = await readJournal(await this.options.fetcher.journal(), identities, from);
      const isOurs =
        journal.header.session === this.options.recording.sessionId &&
        (manifest === null || journal.firstLink === manifest.header.journal);
      if (!isOurs) throw new SallyportError('SP-3030', 'The journal is not of this recording.');
      if (manifest === null) this.terminal = journal.header.terminal;
      this.add('output', journal.events.output);
      this.add('input', journal.events.input);
      const { broke } = journal;
      if (broke !== null)
        this.gaps.push(
          broke.kind === 'torn'
            ? 'its last moment was being written when it stopped'
            : `the journal is damaged at byte ${broke.at}: ${broke.what}`,
        );
      const frames = journal.frames.output + journal.frames.input;
      this.checks.push({
        name: 'journal',
        ok: broke?.kind !== 'damaged',
        detail:
          broke?.kind === 'damaged'
            ? `byte ${broke.at}: ${broke.what}`
            : `${frames} frames open with its key; no signature covers those after the last segment`,
      });
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      if (manifest === null) throw error;
      this.checks.push({ name: 'journal', ok: false, detail: error.message });
      this.gaps.push('its journal could not be read');
    }
  }

  private opened(manifest: Manifest | null, identities: Identities): Opened {
    const { recording } = this.options;
    const reasons = [...this.gaps];
    if (manifest?.end == null)
      reasons.unshift(
        recording.because ??
          (recording.state === 'receiving' || recording.state === 'started' ? notFinishedYet : 'it has no end'),
      );
    if (this.store.fullAtMs !== null)
      reasons.push(
        `only what came before ${Math.floor(this.store.fullAtMs / 1000)} s is shown: the rest is too large to replay at once`,
      );
    return {
      type: 'opened',
      durationMs: this.timeline.durationMs,
      cols: this.terminal.cols,
      rows: this.terminal.rows,
      checks: this.checks,
      verified: this.checks.every((check) => check.ok),
      incomplete: reasons.length === 0 ? null : reasons.join('; ').slice(0, 1900),
      unlocked: Object.keys(identities) as Stream[],
      endReason: manifest?.end?.reason ?? recording.endReason,
      activity: this.timeline.activity(),
      marks: this.timeline.marks(this.store),
    };
  }
}
