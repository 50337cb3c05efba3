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

/** What there is of a journal: the file that its endpoint sent, or what the server heard of it while the session ran. */
export interface Rest {
  name: 'journal' | 'tail';
  contents: JournalContents;
  /** Why the file is not what counts, where there is one and the server heard more. */
  passedOver: string | null;
}

/** Reads one of the two. Throws SP-3030 when it is no journal, or of another recording. */
async function readOne(recording: OpenableRecording, name: Rest['name'], bytes: Uint8Array): Promise<JournalContents> {
  const { output, input } = recording.identities;
  const contents = await readJournal(
    bytes,
    { ...(output === undefined ? {} : { output }), ...(input === undefined ? {} : { input }) },
    { output: coveredFrames(recording, 'output'), input: coveredFrames(recording, 'input') },
    { beginsLater: name === 'tail' },
  );
  if (contents.firstLink !== recording.manifest.header.journal)
    throw new SallyportError(
      'SP-3030',
      'The journal is not the one that the manifest names: it is of another session.',
    );
  return contents;
}

function framesOf({ frames }: JournalContents): number {
  return frames.output + frames.input;
}

/**
 * Reads what there is of a recording beyond its segments, with the keys there are; null where there is nothing. Where there are a journal and a tail, the server found that the
 * one does not hold the other: then what goes further counts. Throws SP-3030 when it is no journal, or of another recording.
 */
export async function readRest(recording: OpenableRecording): Promise<Rest | null> {
  const { source, manifest } = recording;
  const journal = (await source.journal?.()) ?? null;
  const tail = manifest.end === null ? ((await source.tail?.()) ?? null) : null;
  const whole = async (bytes: Uint8Array): Promise<Rest> => ({
    name: 'journal',
    contents: await readOne(recording, 'journal', bytes),
    passedOver: null,
  });
  if (tail === null) return journal === null ? null : whole(journal);
  const heard: Rest = { name: 'tail', contents: await readOne(recording, 'tail', tail), passedOver: null };
  if (journal === null) return heard;
  try {
    const sent = await whole(journal);
    if (framesOf(sent.contents) > framesOf(heard.contents)) return sent;
    const [less, more] = [framesOf(sent.contents), framesOf(heard.contents)];
    return { ...heard, passedOver: `has ${less} frames, the server heard ${more} while the session ran` };
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    return { ...heard, passedOver: error.message };
  }
}

/**
 * Checks the journal, or its tail, where there is one: that it is this recording's, whole but for a torn end, and goes on where the segments stop. With identities every
 * frame of their streams is opened. Its frames beyond the segments are covered by no signature. Returns what it read.
 */
export async function checkJournal(
  recording: OpenableRecording,
  opened: OpenedBytes,
  list: CheckList,
): Promise<JournalContents | null> {
  let rest: Rest | null;
  try {
    rest = await readRest(recording);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    list.bad('journal', 'journal', error.message);
    return null;
  }
  if (rest === null) return null;
  const { name, contents } = rest;
  const { broke } = contents;
  if (rest.passedOver !== null) list.bad('journal', 'journal', rest.passedOver);
  if (broke?.kind === 'damaged') list.bad('journal', `${name}, byte ${broke.at}`, broke.what);
  for (const stream of streams) {
    const fault = seamFault(recording, contents, stream, opened[stream]);
    if (fault !== null) list.bad('journal', name, fault);
  }
  const { end } = recording.manifest;
  // A session that came to its end has closed its journal: nothing of it was being written any more.
  if (end !== null && (broke?.kind === 'torn' || contents.chain !== end.chain))
    list.bad('journal', name, 'is not the one whose last link the end line names: some of it was removed or added');
  if (!list.holds('journal')) return contents;
  const frames = streams.reduce(
    (sum, stream) => sum + Math.max(0, contents.frames[stream] - coveredFrames(recording, stream)),
    0,
  );
  const torn = broke === null ? '' : '; its last moment was being written when it stopped';
  const whose = name === 'tail' ? ', as the server heard them' : '';
  list.good('journal', `${frames} frames go on where the segments stop${whose}; no signature covers them${torn}`);
  return contents;
}

/** Where the journal does not go on from the segments of a stream, or null. A stream that was not opened cannot be compared. */
export function seamFault(
  recording: OpenableRecording,
  journal: JournalContents,
  stream: Stream,
  sealed: number | undefined,
): string | null {
  const covered = coveredFrames(recording, stream);
  if (journal.starts[stream] > covered && journal.frames[stream] > covered)
    return `its ${stream} begins at frame ${journal.starts[stream]}, the segments stop at ${covered}`;
  if (sealed === undefined || journal.frames[stream] < covered) return null;
  const rest = journal.events[stream].reduce(
    (sum, { code, data }) => sum + (code === 'o' || code === 'i' ? data.length : 0),
    0,
  );
  return sealed + rest === journal.bytes[stream]
    ? null
    : `its ${stream} does not go on where the segments stop: they hold ${sealed} bytes, the rest of it ${rest}, together it says ${journal.bytes[stream]}`;
}
