import { type JournalContents, readJournal } from '../recording/journal/read-journal.ts';
import { parseManifest } from '../recording/manifest/parse-manifest.ts';
import { SallyportError } from '../shared/errors/result.ts';
import type { RecordingView, Stream } from '../shared/model/recording.ts';
import { type Check, notFinishedYet, type ReplayToScreen } from '../shared/protocol/replay.ts';
import type { Manifest, SegmentLine } from '../shared/record/manifest.ts';
import type { Fetcher, ManifestAnswer } from './fetcher.ts';
import { journalParts } from './journal-parts.ts';
import { type Part, PartStore } from './part-store.ts';
import { pack } from './parts.ts';
import { inWords } from './reasons.ts';
import { StoredSegments, type StreamLine } from './stored-segments.ts';
import { Survey } from './survey.ts';
import { Timeline } from './timeline.ts';
import { type Identities, unlockStreams } from './unlock.ts';

type Opened = Extract<ReplayToScreen, { type: 'opened' }>;
type Progress = Extract<ReplayToScreen, { type: 'progress' }>;

export interface OpenOptions {
  recording: RecordingView;
  /** The key this device pinned; not what the answer says. */
  serverKey: string;
  fetcher: Fetcher;
  progress: (progress: Omit<Progress, 'type'>) => void;
  /** For tests; bytes of decoded output that are kept. */
  cacheBytes?: number;
}

export interface OpenedRecording {
  store: PartStore;
  opened: Opened;
  /** Reads and checks all of it; not begun yet. */
  survey: Survey;
}

/** The journal, as far as it was read. `problem`: why none of it could be. */
interface ReadJournal {
  contents: JournalContents | null;
  problem: SallyportError | null;
}

/**
 * Opens one recording: its index and its keys. Nothing stored is read for that but a journal. What fails to verify is opened all the same and named by
 * the survey; what cannot be opened at all throws.
 */
export async function openRecording(options: OpenOptions): Promise<OpenedRecording> {
  const { recording, fetcher } = options;
  options.progress({ what: 'fetching', done: 0, total: 1 });
  const answer = await fetchManifest(options);
  const manifest = 'missing' in answer ? null : readManifest(answer.manifest);
  const identities = await unlockStreams(fetcher, recording);
  const journal = await openJournal(options, manifest, identities);
  if ('missing' in answer && (journal === null || journal.problem !== null)) throw journal?.problem ?? answer.missing;
  const segments = new StoredSegments(fetcher, identities);
  const readable = manifest?.segments.filter((line) => segments.canOpen(line)) ?? [];
  const events = journal?.contents?.events ?? { output: [], input: [] };
  const ends = [...readable.map((line) => line.t1), ...Object.values(events).map((list) => list.at(-1)?.atMs ?? 0)];
  const durationMs = ends.reduce((most, at) => Math.max(most, at), 0);
  const fromJournal = journalParts(events.output);
  const parts = inOrder([...storedParts(segments, readable), ...fromJournal.parts]);
  const store = new PartStore(parts, options.cacheBytes);
  const terminal = manifest?.header.terminal ?? journal?.contents?.header.terminal ?? { cols: 80, rows: 24 };
  const timeline = new Timeline(durationMs);
  timeline.add(events.output);
  timeline.add(events.input);
  const found = journalFindings(journal);
  const gaps = [...found.gaps];
  if (fromJournal.fullAtMs !== null)
    gaps.push(
      `only what came before ${Math.floor(fromJournal.fullAtMs / 1000)} s is shown: the rest of its journal is too large to replay`,
    );
  const reasons = [...noEnd(recording, manifest), ...gaps];
  const opened: Opened = {
    type: 'opened',
    durationMs,
    cols: terminal.cols,
    rows: terminal.rows,
    incomplete: inWords(reasons),
    unlocked: Object.keys(identities) as Stream[],
    endReason: manifest?.end?.reason ?? recording.endReason,
    parts: parts.map(({ t0, t1 }) => ({ t0, t1 })),
  };
  const survey = new Survey({
    serverKey: options.serverKey,
    answer: 'missing' in answer ? null : answer,
    manifest,
    identities,
    segments,
    journal: recording.journal === null ? null : () => fetcher.journal(),
    store,
    timeline,
    reasons,
    checks: [...('missing' in answer ? [noManifest] : []), ...found.checks],
  });
  return { store, opened, survey };
}

const noManifest: Check = {
  name: 'manifest',
  ok: false,
  detail: 'none was stored: the session process ended before its first segment was sealed',
};

function isMissing(error: unknown): boolean {
  return error instanceof SallyportError && (error.code === 'SP-3001' || error.code === 'SP-3032');
}

/** `missing`: nothing but a journal, or its tail, was ever stored; or nothing at all. */
async function fetchManifest({ fetcher }: OpenOptions): Promise<ManifestAnswer | { missing: unknown }> {
  try {
    return await fetcher.manifest();
  } catch (error) {
    if (!isMissing(error)) throw error;
    return { missing: error };
  }
}

/** The manifest, whoever signed it. Throws SP-3030 where it cannot be read at all: nothing can be found by it. */
function readManifest(text: string): Manifest {
  if (text.startsWith('sallyport-recording 0\n'))
    throw new SallyportError(
      'SP-3030',
      'This recording is of version 0 of the format, from before the format was fixed. This launcher opens version 1. Its files are whole in the store: open it with the Sallyport that recorded it, or with age, zstd and asciinema.',
    );
  try {
    return parseManifest(text);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    throw new SallyportError('SP-3030', `This recording cannot be opened: ${error.message}`.slice(0, 1900));
  }
}

function storedParts(segments: StoredSegments, lines: readonly SegmentLine[]): Part[] {
  const output = lines.filter((line): line is StreamLine => line.stream === 'output');
  return output.map((line) => ({
    t0: line.t0,
    t1: line.t1,
    async load() {
      const { events, start, fault } = await segments.load(line);
      return {
        block: pack(events),
        start,
        fault: fault === null ? null : `output segment ${line.seq} is not shown: ${fault}`,
      };
    },
  }));
}

/** Parts whose times never go back: one without events says 0. */
function inOrder(parts: readonly Part[]): Part[] {
  let last = 0;
  return parts.map((part) => {
    const t0 = Math.max(last, part.t0);
    last = Math.max(t0, part.t1);
    return { ...part, t0, t1: last };
  });
}

/** The journal of a session without an end: as it was uploaded, or what the server holds of it. Null where there is none. */
async function openJournal(
  { recording, fetcher, progress }: OpenOptions,
  manifest: Manifest | null,
  identities: Identities,
): Promise<ReadJournal | null> {
  if (manifest?.end != null) return null;
  const tail = recording.journal === null ? await fetchTail(fetcher) : null;
  if (recording.journal === null && tail === null) return null;
  progress({ what: 'decrypting', done: 0, total: 1 });
  const covered = (stream: Stream) => manifest?.segments.findLast((line) => line.stream === stream)?.frames ?? 0;
  try {
    const from = { output: covered('output'), input: covered('input') };
    const bytes = tail ?? (await fetcher.journal());
    const contents = await readJournal(bytes, identities, from, { beginsLater: tail !== null });
    const isOurs =
      contents.header.session === recording.sessionId &&
      (manifest === null || contents.firstLink === manifest.header.journal);
    if (!isOurs) throw new SallyportError('SP-3030', 'The journal is not of this recording.');
    return { contents, problem: null };
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    return { contents: null, problem: error };
  }
}

/** What the server holds of the journal of a session that runs, or whose launcher never came back. Null where it holds nothing. */
async function fetchTail(fetcher: Fetcher): Promise<Uint8Array | null> {
  try {
    return await fetcher.tail();
  } catch (error) {
    if (!isMissing(error)) throw error;
    return null;
  }
}

function journalFindings(journal: ReadJournal | null): { checks: Check[]; gaps: string[] } {
  if (journal === null) return { checks: [], gaps: [] };
  const { contents, problem } = journal;
  if (contents === null)
    return {
      checks: [{ name: 'journal', ok: false, detail: problem?.message ?? '' }],
      gaps: ['its journal could not be read'],
    };
  const { broke } = contents;
  const frames = contents.frames.output + contents.frames.input;
  const damage = broke?.kind === 'damaged' ? `byte ${broke.at}: ${broke.what}` : null;
  const detail = `${frames} frames open with its key; no signature covers those after the last segment`;
  const gaps = broke === null ? [] : [damage === null ? torn : `the journal is damaged at ${damage}`];
  return { checks: [{ name: 'journal', ok: damage === null, detail: damage ?? detail }], gaps };
}

const torn = 'its last moment was being written when it stopped';

function noEnd(recording: RecordingView, manifest: Manifest | null): string[] {
  if (manifest?.end != null) return [];
  const isRunning = recording.state === 'receiving' || recording.state === 'started';
  return [recording.because ?? (isRunning ? notFinishedYet : 'it has no end')];
}
