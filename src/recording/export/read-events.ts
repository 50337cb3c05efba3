import type { Stream } from '../../shared/model/recording.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import { openedEvents, PartProblem } from '../verify/open-segments.ts';
import type { OpenableRecording } from '../verify/source.ts';
import { readRest, seamFault } from '../verify/verify-journal.ts';

/**
 * All events of a stream that a recording holds, in order: those of its segments, then, when it has no end, those of its journal, or of what the server heard of it. One segment in memory. Throws
 * PartProblem (SP-3030) at the first part that is not what the manifest names or does not open, and, after what could be read, where the journal is damaged or does not go on
 * from the segments.
 */
export async function* recordedEvents(recording: OpenableRecording, stream: Stream): AsyncGenerator<RecordedEvent> {
  let sealed = 0;
  for await (const event of openedEvents(recording, stream)) {
    if (event.code === 'o' || event.code === 'i') sealed += event.data.length;
    yield event;
  }
  if (recording.manifest.end !== null) return;
  const rest = await readRest(recording);
  if (rest === null) return;
  const { name, contents } = rest;
  const fault = seamFault(recording, contents, stream, sealed);
  if (fault !== null) throw new PartProblem(name, fault);
  yield* contents.events[stream];
  // What could be read was given; that it is not all must not pass in silence.
  if (contents.broke?.kind === 'damaged')
    throw new PartProblem(`${name}, byte ${contents.broke.at}`, contents.broke.what);
}

/** The bytes of a stream as they were: what the terminal got, or what was typed. Throws as `recordedEvents`. */
export async function* streamBytes(recording: OpenableRecording, stream: Stream): AsyncGenerator<Uint8Array> {
  const code = stream === 'output' ? 'o' : 'i';
  for await (const event of recordedEvents(recording, stream)) if (event.code === code) yield event.data;
}
