import { createHash } from 'node:crypto';
import { openSegment } from '../recording/segments/seal.ts';
import { type Keyframe, parseCast } from '../recording/text/cast.ts';
import { SallyportError } from '../shared/errors/result.ts';
import type { PartKind, Stream } from '../shared/model/recording.ts';
import type { PartStart } from '../shared/protocol/replay.ts';
import type { RecordedEvent } from '../shared/record/events.ts';
import type { SegmentLine } from '../shared/record/manifest.ts';
import { type Fetcher, isMissing } from './fetcher.ts';
import { clampSize } from './parts.ts';
import type { Identities } from './unlock.ts';

export type StreamLine = SegmentLine & { stream: Stream };

export interface OpenedSegment {
  events: RecordedEvent[];
  /** The screen before it, when it says so. */
  start: PartStart | null;
  fault: string | null;
}

/** Stored parts of one recording, fetched one by one and opened with the keys of this process. */
export class StoredSegments {
  private readonly fetcher: Fetcher;
  private readonly identities: Identities;

  constructor(fetcher: Fetcher, identities: Identities) {
    this.fetcher = fetcher;
    this.identities = identities;
  }

  canOpen(line: SegmentLine): line is StreamLine {
    return line.stream !== 'text' && this.hasKey(line.stream);
  }

  hasKey(stream: Stream): boolean {
    return this.identities[stream] !== undefined;
  }

  /** Its bytes as stored, or null where the store has none. Throws what fetching throws otherwise. */
  async fetch(stream: PartKind, seq: number): Promise<Uint8Array | null> {
    try {
      return await this.fetcher.segment(stream, seq);
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** Fetches and opens it. Throws only what `fetch` throws: a bad segment is an answer, with the fault in words. */
  async load(line: StreamLine): Promise<OpenedSegment> {
    return this.open(line, await this.fetch(line.stream, line.seq));
  }

  /** Opens a segment only when it is byte for byte what the manifest names: anyone can seal another one to the same readers. */
  async open(line: StreamLine, stored: Uint8Array | null): Promise<OpenedSegment> {
    const bad = (fault: string): OpenedSegment => ({ events: [], start: null, fault });
    if (stored === null) return bad('it is missing');
    if (createHash('sha256').update(stored).digest('hex') !== line.sha256)
      return bad('it was changed: its digest is not the one in the manifest');
    try {
      const text = await openSegment(stored, this.identities[line.stream] ?? '');
      const { events, comment, keyframe } = parseCast(text);
      if (line.seq > 0 && (comment?.stream !== line.stream || comment.segment !== line.seq))
        return bad('it is not the segment the manifest says');
      return { events, start: keyframe === null ? null : startOf(keyframe), fault: null };
    } catch (error) {
      if (error instanceof SallyportError) return bad(error.message);
      throw error;
    }
  }
}

function startOf({ cols, rows, init }: Keyframe): PartStart {
  return { ...clampSize(cols, rows), init: new Uint8Array(Buffer.from(init, 'utf8')) };
}

/** The name of a segment in sentences. */
export function segmentName(line: Pick<SegmentLine, 'stream' | 'seq'>): string {
  return `${line.stream} segment ${line.seq}`;
}
