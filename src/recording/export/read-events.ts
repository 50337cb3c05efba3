import type { Stream } from '../../shared/model/recording.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import { openedEvents } from '../verify/open-segments.ts';
import type { OpenableRecording } from '../verify/source.ts';
import { readRest } from '../verify/verify-journal.ts';

/**
 * All events of a stream that a recording holds, in order: those of its segments, then, when it has no end, those of its journal, or of what the server heard of it. One segment in memory. Throws
 * PartProblem (SP-3030) at the first part that is not what the manifest names or does not open.
 */
export async function* recordedEvents(recording: OpenableRecording, stream: Stream): AsyncGenerator<RecordedEvent> {
  yield* openedEvents(recording, stream);
  if (recording.manifest.end !== null) return;
  yield* (await readRest(recording))?.contents.events[stream] ?? [];
}

/** The bytes of a stream as they were: what the terminal got, or what was typed. Throws as `recordedEvents`. */
export async function* streamBytes(recording: OpenableRecording, stream: Stream): AsyncGenerator<Uint8Array> {
  const code = stream === 'output' ? 'o' : 'i';
  for await (const event of recordedEvents(recording, stream)) if (event.code === code) yield event.data;
}
