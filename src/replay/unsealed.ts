import { type JournalContents, readJournal } from '../recording/journal/read-journal.ts';
import { SallyportError } from '../shared/errors/result.ts';
import type { RecordingView, Stream } from '../shared/model/recording.ts';
import type { Check } from '../shared/protocol/replay.ts';
import type { Manifest } from '../shared/record/manifest.ts';
import { type Fetcher, isMissing } from './fetcher.ts';
import type { Identities } from './unlock.ts';

/** What there is of a session beyond its sealed segments, and what was found in it. */
export interface Unsealed {
  /** Null when it could not be read; `problem` says why. */
  contents: JournalContents | null;
  problem: SallyportError | null;
  checks: Check[];
  /** Reasons for which the recording is incomplete. */
  gaps: string[];
}

interface Sources {
  recording: RecordingView;
  fetcher: Fetcher;
  /** The owner has the session's folder: its journal lies there, from some epoch of keys on. */
  local: boolean;
}

const streams = ['output', 'input'] as const;

/** The bytes: the journal, where it was uploaded, else what the server heard of it while the session ran; null where there is neither. */
async function fetchRest({
  recording,
  fetcher,
  local,
}: Sources): Promise<{ name: 'journal' | 'tail'; bytes: Uint8Array } | null> {
  if (local) {
    try {
      return { name: 'journal', bytes: await fetcher.journal() };
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  if (recording.journal !== null) return { name: 'journal', bytes: await fetcher.journal() };
  try {
    return { name: 'tail', bytes: await fetcher.tail() };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Reads what goes on where the segments stop, of a session without an end. Null where there is nothing. Throws only what nobody foresaw. */
export async function readUnsealed(
  sources: Sources,
  manifest: Manifest | null,
  identities: Identities,
): Promise<Unsealed | null> {
  if (manifest?.end != null) return null;
  const covered = (stream: Stream) => manifest?.segments.findLast((line) => line.stream === stream)?.frames ?? 0;
  const from = { output: covered('output'), input: covered('input') };
  let name: 'journal' | 'tail' = sources.recording.journal === null ? 'tail' : 'journal';
  try {
    const rest = await fetchRest(sources);
    if (rest === null) return null;
    name = rest.name;
    const contents = await readJournal(rest.bytes, identities, from, { beginsLater: name === 'tail' || sources.local });
    const isOurs =
      contents.header.session === sources.recording.sessionId &&
      (manifest === null || contents.firstLink === manifest.header.journal);
    if (!isOurs) throw new SallyportError('SP-3030', `The ${name} is not of this recording.`);
    return { contents, problem: null, ...findings({ name, isWriting: isWriting(sources) }, contents, from) };
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    const check = { name, ok: false, detail: error.message };
    return { contents: null, problem: error, checks: [check], gaps: [`its ${name} could not be read`] };
  }
}

/** A journal that is being written ends where it was when it was read. */
function isWriting({ local, recording: { state } }: Sources): boolean {
  return local && (state === 'started' || state === 'receiving');
}

function findings(
  { name, isWriting }: { name: 'journal' | 'tail'; isWriting: boolean },
  contents: JournalContents,
  from: Record<Stream, number>,
): Pick<Unsealed, 'checks' | 'gaps'> {
  const { broke, starts, frames } = contents;
  const gaps: string[] = [];
  const damage = broke?.kind === 'damaged' ? `byte ${broke.at}: ${broke.what}` : null;
  if (damage !== null) gaps.push(`the ${name} is damaged at ${damage}`);
  else if (broke !== null && name === 'journal' && !isWriting)
    gaps.push('its last moment was being written when it stopped');
  for (const stream of streams)
    if (starts[stream] > from[stream])
      gaps.push(
        `${starts[stream] - from[stream]} frames of ${stream} between its segments and its ${name} are missing`,
      );
  const many = streams.reduce(
    (sum, stream) => sum + Math.max(0, frames[stream] - Math.max(from[stream], starts[stream])),
    0,
  );
  const said = name === 'journal' ? 'open with its key' : 'came while the session ran, and open with its key';
  const detail = `${many} frames ${said}; no signature covers those after the last segment`;
  return { checks: [{ name, ok: damage === null, detail: damage ?? detail }], gaps };
}
