import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSegment } from '../../../src/recording/segments/seal.ts';
import { parseCast } from '../../../src/recording/text/cast.ts';
import type { Stream } from '../../../src/shared/model/recording.ts';
import type { RecordedEvent } from '../../../src/shared/record/events.ts';

/** Every event of one stream in the sealed segments of a spool folder, in order. */
export async function recordedEvents(folder: string, stream: Stream, identity: string): Promise<RecordedEvent[]> {
  const suffix = stream === 'output' ? /^\d{6}\.cast\.zst\.age$/ : /^\d{6}\.input\.cast\.zst\.age$/;
  const events: RecordedEvent[] = [];
  for (const name of readdirSync(folder)
    .filter((file) => suffix.test(file))
    .sort()) {
    events.push(...parseCast(await openSegment(readFileSync(join(folder, name)), identity)).events);
  }
  return events;
}
