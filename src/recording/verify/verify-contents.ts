import type { Stream } from '../../shared/model/recording.ts';
import { eventCodes, type RecordedEvent } from '../../shared/record/events.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import type { CheckList } from './checks.ts';
import { type OpenedSegment, openedSegments, PartProblem } from './open-segments.ts';
import type { OpenableRecording } from './source.ts';
import { partPlace } from './verify-parts.ts';

/** Raw bytes of each stream that its segments hold; absent for a stream that was not opened. */
export type OpenedBytes = Partial<Record<Stream, number>>;

/** Sees each opened segment of the output once, in order, after it was found to be what the manifest says. */
export interface SegmentObserver {
  segment(opened: OpenedSegment): Promise<void>;
}

function rawBytes(events: readonly RecordedEvent[]): number {
  return events.reduce((sum, { code, data }) => sum + (code === 'o' || code === 'i' ? data.length : 0), 0);
}

/** Follows one stream and says what in a segment is not what its line, or the segments before it, make it. */
class StreamChecker {
  private readonly manifest: Manifest;
  private readonly stream: Stream;
  private atMs = 0;
  bytes = 0;

  constructor(manifest: Manifest, stream: Stream) {
    this.manifest = manifest;
    this.stream = stream;
  }

  fault(opened: OpenedSegment): string | null {
    const { line, cast } = opened;
    const wrong = line.seq === 0 ? this.headerFault(opened) : this.commentFault(opened);
    if (wrong !== null) return wrong;
    for (const code of eventCodes) {
      const count = cast.events.filter((event) => event.code === code).length;
      if (count !== (line.events[code] ?? 0))
        return `holds ${count} events "${code}", the manifest says ${line.events[code] ?? 0}`;
      if (count > 0 && (code === 'i') !== (this.stream === 'input'))
        return `holds events "${code}" of the other stream`;
    }
    const [t0, t1] = [cast.events[0]?.atMs ?? 0, cast.events.at(-1)?.atMs ?? 0];
    if (t0 !== line.t0 || t1 !== line.t1) return 'begins or ends at another time than the manifest says';
    this.atMs = cast.events.length === 0 ? this.atMs : t1;
    this.bytes += rawBytes(cast.events);
    return null;
  }

  private headerFault({ cast }: OpenedSegment): string | null {
    const { terminal, started } = this.manifest.header;
    const { header } = cast;
    if (header === null) return 'does not begin with the header of an asciicast';
    const same =
      header.term.cols === terminal.cols &&
      header.term.rows === terminal.rows &&
      header.term.type === terminal.term &&
      header.timestamp === Math.floor(Date.parse(started) / 1000);
    return same ? null : 'begins with another terminal or time than the manifest';
  }

  private commentFault({ line, cast }: OpenedSegment): string | null {
    const { comment } = cast;
    if (comment === null) return 'does not say which segment it is';
    if (comment.session !== this.manifest.header.session) return 'is of another session';
    if (comment.stream !== this.stream || comment.segment !== line.seq)
      return 'is another segment than the manifest says';
    if (comment.offset !== this.bytes)
      return `begins at byte ${comment.offset}, the segments before it hold ${this.bytes}`;
    return comment.atMs === this.atMs ? null : 'counts its times from another moment than the segment before it ended';
  }
}

/**
 * Opens every segment of output and input for which there is an identity and checks what is inside: its place, its counts and times, and all bytes against the
 * end line. Stops at the first that is not right. Returns the bytes of each opened stream.
 */
export async function checkContents(
  recording: OpenableRecording,
  observer: SegmentObserver,
  list: CheckList,
): Promise<OpenedBytes> {
  const { manifest, identities } = recording;
  const opened: OpenedBytes = {};
  const words: string[] = [];
  for (const stream of ['output', 'input'] as const) {
    if (identities[stream] === undefined) {
      words.push(`${stream} not opened: no key`);
      continue;
    }
    const checker = new StreamChecker(manifest, stream);
    try {
      for await (const segment of openedSegments(recording, stream)) {
        const fault = checker.fault(segment);
        if (fault !== null) throw new PartProblem(partPlace(stream, segment.line), fault);
        if (stream === 'output') await observer.segment(segment);
      }
    } catch (error) {
      if (!(error instanceof PartProblem)) throw error;
      list.bad('contents', error.where, error.what);
      continue;
    }
    opened[stream] = checker.bytes;
    words.push(`${checker.bytes} bytes of ${stream}`);
    const claimed = stream === 'output' ? manifest.end?.outputBytes : manifest.end?.inputBytes;
    if (claimed !== undefined && claimed !== checker.bytes)
      list.bad('contents', 'end line', `says ${claimed} bytes of ${stream}, its segments hold ${checker.bytes}`);
  }
  if (list.holds('contents')) list.good('contents', words.join(', '));
  return opened;
}
