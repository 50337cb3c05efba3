import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream, Stream } from '../../shared/model/recording.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import type { SegmentLine } from '../../shared/record/manifest.ts';
import { openSegment } from '../segments/seal.ts';
import { type CastText, parseCast } from '../text/cast.ts';
import type { OpenableRecording } from './source.ts';
import { partPlace, storedFault } from './verify-parts.ts';

/** A part that is not what the manifest says, or does not open. `where` and `what` as in a verification. */
export class PartProblem extends SallyportError {
  readonly where: string;
  readonly what: string;

  constructor(where: string, what: string) {
    super('SP-3030', `${where}: ${what}. Verify the recording; another copy of it may be whole.`);
    this.where = where;
    this.what = what;
  }
}

/** The decrypted text of each segment of a stream, in order; one in memory. Throws PartProblem at the first that is not right. */
export async function* openedTexts(
  { source, manifest, identities }: OpenableRecording,
  stream: KeyedStream,
): AsyncGenerator<{ line: SegmentLine; text: Uint8Array }> {
  const identity = identities[stream];
  if (identity === undefined) throw new PartProblem(`${stream} segments`, 'are not opened by any of the given keys');
  for (const line of manifest.segments) {
    if (line.stream !== stream) continue;
    const place = partPlace(stream, line);
    const stored = await source.segment(stream, line.seq);
    const fault = storedFault(line, stored);
    if (fault !== null || stored === null) throw new PartProblem(place, fault ?? 'is missing');
    try {
      yield { line, text: await openSegment(stored, identity) };
    } catch (error) {
      if (error instanceof PartProblem || !(error instanceof SallyportError)) throw error;
      throw new PartProblem(place, error.message);
    }
  }
}

export interface OpenedSegment {
  line: SegmentLine;
  cast: CastText;
}

/** The events of each segment of a stream, in order. Throws as `openedTexts`. */
export async function* openedSegments(recording: OpenableRecording, stream: Stream): AsyncGenerator<OpenedSegment> {
  for await (const { line, text } of openedTexts(recording, stream)) yield { line, cast: readCast(line, text) };
}

function readCast(line: SegmentLine, text: Uint8Array): CastText {
  try {
    return parseCast(text);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    throw new PartProblem(partPlace(line.stream, line), error.message);
  }
}

/** All events of a stream that segments hold, in order. Throws as `openedTexts`. */
export async function* openedEvents(recording: OpenableRecording, stream: Stream): AsyncGenerator<RecordedEvent> {
  for await (const { cast } of openedSegments(recording, stream)) yield* cast.events;
}
