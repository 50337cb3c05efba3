import { SallyportError } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import { type JournalContents, readJournal } from '../journal/read-journal.ts';
import type { CheckList } from './checks.ts';
import type { OpenableRecording } from './source.ts';
import type { OpenedBytes } from './verify-contents.ts';

const streams = ['output', 'input'] as const satisfies readonly Stream[];

/** How many frames of a stream's journal the stored segments cover. */
export function coveredFrames({ manifest }: OpenableRecording, stream: Stream): number {
  return manifest.segments.findLast((line) => line.stream === stream)?.frames ?? 0;
}

/** Reads a recording's journal beyond its segments, with the keys there are. Throws SP-3030 when it is no journal, or of another recording. */
export async function readRest(recording: OpenableRecording, bytes: Uint8Array): Promise<JournalContents> {
  const { output, input } = recording.identities;
  const journal = await readJournal(
    bytes,
    { ...(output === undefined ? {} : { output }), ...(input === undefined ? {} : { input }) },
    { output: coveredFrames(recording, 'output'), input: coveredFrames(recording, 'input') },
  );
  if (journal.firstLink !== recording.manifest.header.journal)
    throw new SallyportError(
      'SP-3030',
      'The journal is not the one that the manifest names: it is of another session.',
    );
  return journal;
}

/**
 * Checks the journal, where there is one: that it is this recording's, whole but for a torn end, and goes on where the segments stop. With identities every frame of
 * their streams is opened. Its frames beyond the segments are covered by no signature. Returns what it read.
 */
export async function checkJournal(
  recording: OpenableRecording,
  opened: OpenedBytes,
  list: CheckList,
): Promise<JournalContents | null> {
  const bytes = (await recording.source.journal?.()) ?? null;
  if (bytes === null) return null;
  let journal: JournalContents;
  try {
    journal = await readRest(recording, bytes);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    list.bad('journal', 'journal', error.message);
    return null;
  }
  const { broke } = journal;
  if (broke?.kind === 'damaged') list.bad('journal', `journal, byte ${broke.at}`, broke.what);
  for (const stream of streams) {
    const fault = seamFault(recording, journal, stream, opened[stream]);
    if (fault !== null) list.bad('journal', 'journal', fault);
  }
  const { end } = recording.manifest;
  // A session that came to its end has closed its journal: nothing of it was being written any more.
  if (end !== null && (broke?.kind === 'torn' || journal.chain !== end.chain))
    list.bad(
      'journal',
      'journal',
      'is not the one whose last link the end line names: some of it was removed or added',
    );
  if (!list.holds('journal')) return journal;
  const frames = streams.reduce(
    (sum, stream) => sum + Math.max(0, journal.frames[stream] - coveredFrames(recording, stream)),
    0,
  );
  const torn = broke === null ? '' : '; its last moment was being written when it stopped';
  list.good('journal', `${frames} frames go on where the segments stop; no signature covers them${torn}`);
  return journal;
}

/** Where the journal does not go on from the segments of a stream, or null. A stream that was not opened cannot be compared. */
function seamFault(
  recording: OpenableRecording,
  journal: JournalContents,
  stream: Stream,
  sealed: number | undefined,
): string | null {
  if (sealed === undefined || journal.frames[stream] < coveredFrames(recording, stream)) return null;
  const rest = journal.events[stream].reduce(
    (sum, { code, data }) => sum + (code === 'o' || code === 'i' ? data.length : 0),
    0,
  );
  return sealed + rest === journal.bytes[stream]
    ? null
    : `its ${stream} does not go on where the segments stop: they hold ${sealed} bytes, the rest of it ${rest}, together it says ${journal.bytes[stream]}`;
}
