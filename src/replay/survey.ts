import { type Verification, verifyRecording } from '../recording/verify/verify-recording.ts';
import { SallyportError, toProblem } from '../shared/errors/result.ts';
import type { PartKind } from '../shared/model/recording.ts';
import { type Check, notFinishedYet, type ReplayToScreen } from '../shared/protocol/replay.ts';
import type { Manifest, SegmentLine } from '../shared/record/manifest.ts';
import type { WireDirection } from '../shared/record/wire.ts';
import type { ManifestAnswer } from './fetcher.ts';
import type { PartStore } from './part-store.ts';
import { pack } from './parts.ts';
import { inWords } from './reasons.ts';
import type { StoredCache } from './stored-cache.ts';
import { type StoredSegments, type StreamLine, segmentName } from './stored-segments.ts';
import type { Expected, Timeline } from './timeline.ts';
import type { Gather } from './transcript/gather.ts';
import type { Identities } from './unlock.ts';

export type SurveyMessage = Extract<ReplayToScreen, { type: 'survey' }>;
/** How often it says how far it is. */
const everyMs = 300;
/** Damage is named part by part up to this many; the rest is counted. */
const faultsNamed = 20;

export interface SurveyOptions {
  /** The key this device pinned. */
  serverKey: string;
  /** Null when nothing but a journal was stored. */
  answer: ManifestAnswer | null;
  manifest: Manifest | null;
  identities: Identities;
  segments: StoredSegments;
  stored: StoredCache;
  /** What could be read in it. */
  gather: Gather;
  /** The uploaded journal, where there is one. */
  journal: (() => Promise<Uint8Array>) | null;
  /** One direction of the kept wire; null where there is none. */
  wire: (direction: WireDirection) => Promise<AsyncIterable<Uint8Array> | null>;
  store: PartStore;
  timeline: Timeline;
  /** Why it is incomplete, as far as its index says. */
  reasons: readonly string[];
  /** What was checked before. */
  checks: readonly Check[];
}

/**
 * Reads all of a recording once, in the background and part by part: verifies every stored byte, and gathers what the timeline shows. It holds one part at a
 * time and waits while a person waits for another.
 */
export class Survey {
  private readonly options: SurveyOptions;
  private readonly lines = new Map<string, SegmentLine>();
  private readonly faults: string[] = [];
  private notWhole: string[] = [];
  private readonly looked = new Set<string>();
  private done = 0;
  private readonly total: number;
  private saidAt = 0;
  private post: (message: SurveyMessage) => void = () => {};

  constructor(options: SurveyOptions) {
    this.options = options;
    for (const line of options.manifest?.segments ?? []) {
      this.lines.set(`${line.stream} ${line.seq}`, line);
      if (options.segments.canOpen(line)) options.timeline.expect(expected(line));
    }
    // Once for the digests, once for what is inside.
    const opened = [...this.lines.values()].filter((line) => options.segments.canOpen(line)).length;
    this.total = this.lines.size + (options.manifest?.anchors.length ?? 0) + opened;
  }

  /** Resolves with the last message when it was posted. Never rejects for what is the recording's or the network's. */
  async run(post: (message: SurveyMessage) => void): Promise<SurveyMessage> {
    this.post = post;
    this.say();
    // A person looks for something at once, and for what it is worth in the end: both go on side by side.
    const gathered = this.options.gather.run(() => this.sayInTime());
    try {
      const verification = await this.verify();
      await gathered;
      this.options.stored.clear();
      const found = verification?.checks ?? [];
      // What the index says already is not said twice, and of a session that runs only that it does.
      const runs = this.options.reasons.includes(notFinishedYet);
      if (!runs)
        this.notWhole = found
          .filter((check) => check.lacking === true && check.name !== 'end')
          .map((check) => check.detail);
      const before = this.options.checks.filter((check) => !found.some((each) => each.name === check.name));
      const checks = [...found, ...before];
      const marks = await this.options.timeline.allMarks(this.options.store);
      return this.say({
        finished: true,
        done: this.total,
        checks,
        verified: checks.every((check) => check.ok),
        evidence: verification?.evidence ?? null,
        marks,
      });
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      await gathered;
      return this.say({ finished: true, problem: toProblem(error) });
    }
  }

  private async verify(): Promise<Verification | null> {
    const { answer, serverKey, identities, journal, wire } = this.options;
    if (answer === null) return null;
    return verifyRecording({
      ...answer,
      serverKey,
      // Main's own, from the enrolment.
      serverKeyPinned: true,
      segment: (kind, seq) => this.pass(kind, seq),
      ...(journal === null ? {} : { journal }),
      wire,
      identities,
    });
  }

  /** A stored part on its way to the verifier; what can be opened is looked into, the first time. */
  private async pass(kind: PartKind, seq: number): Promise<Uint8Array | null> {
    const { segments, store } = this.options;
    const name = `${kind} ${seq}`;
    await store.quiet();
    const stored = await this.options.stored.fetch(kind, seq);
    const line = this.lines.get(name);
    if (line !== undefined && !this.looked.has(name)) {
      this.looked.add(name);
      if (segments.canOpen(line)) await this.look(line, stored);
    }
    this.done += 1;
    this.sayInTime();
    return stored;
  }

  private async look(line: StreamLine, stored: Uint8Array | null): Promise<void> {
    const { segments, store, timeline } = this.options;
    const { events, start, fault } = await segments.open(line, stored);
    timeline.settle(expected(line));
    if (fault !== null) {
      this.faults.push(`${segmentName(line)} is not shown: ${fault}`);
      this.say();
      return;
    }
    timeline.add(events);
    if (line.stream === 'output') store.offer(line.seq, { block: pack(events), start, fault: null });
  }

  private sayInTime(): void {
    if (performance.now() - this.saidAt > everyMs) this.say();
  }

  private say(part: Partial<SurveyMessage> = {}): SurveyMessage {
    this.saidAt = performance.now();
    const { timeline, reasons, gather } = this.options;
    const named = this.faults.slice(0, faultsNamed);
    if (this.faults.length > faultsNamed) named.push(`${this.faults.length - faultsNamed} more are not shown`);
    const message: SurveyMessage = {
      type: 'survey',
      done: Math.min(this.done, this.total),
      total: this.total,
      finished: false,
      checks: [],
      verified: null,
      evidence: null,
      faults: named,
      incomplete: inWords([...reasons, ...this.notWhole, ...named]),
      problem: null,
      activity: timeline.activity(),
      marks: part.marks ?? timeline.marks(),
      commands: gather.commands.list,
      lines: gather.store.lines,
      ...part,
    };
    this.post(message);
    return message;
  }
}

function expected(line: StreamLine): Expected {
  return { stream: line.stream, t0: line.t0, t1: line.t1, storedBytes: line.bytes };
}
