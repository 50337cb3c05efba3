import { z } from 'zod';
import { sallyportOk } from '../../src/lab/control/command-line.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { waitUntil } from '../../src/lab/observers/wait.ts';
import { people } from '../../src/lab/seed/people.ts';
import { type RecordingView, recordingViewSchema } from '../../src/shared/model/recording.ts';

const listSchema = z.object({ recordings: z.array(recordingViewSchema) });

/** Recordings as the central store lists them, asked by the analyst on the command line. */
export async function centralRecordings(lab: Lab): Promise<RecordingView[]> {
  return (await sallyportOk(lab.control.socket, people.analyst.id, ['recordings', 'list'], listSchema)).recordings;
}

/** Resolves when a recording of the central store is in the state; throws with what it is instead. */
export async function recordingBecomes(
  lab: Lab,
  sessionId: string,
  state: RecordingView['state'],
  limitMs = 20_000,
): Promise<RecordingView> {
  let last: RecordingView | undefined;
  const found = await waitUntil(async () => {
    last = (await centralRecordings(lab)).find((each) => each.sessionId === sessionId);
    return last?.state === state ? last : null;
  }, limitMs);
  if (found === null)
    throw new Error(
      `recording ${sessionId} is ${last?.state ?? 'unknown'} (${last?.because ?? 'no reason'}) instead of ${state} after ${limitMs} ms`,
    );
  return found;
}
