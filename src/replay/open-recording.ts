import { parseManifest } from '../recording/manifest/parse-manifest.ts';
import { SallyportError } from '../shared/errors/result.ts';
import type { KeyedStream, RecordingView } from '../shared/model/recording.ts';
import { type Check, notFinishedYet, type ReplayToScreen } from '../shared/protocol/replay.ts';
import type { Manifest, SegmentLine } from '../shared/record/manifest.ts';
import type { CopySource } from './export/copies.ts';
import { type Fetcher, isMissing, type ManifestAnswer } from './fetcher.ts';
import { journalParts } from './journal-parts.ts';
import { type Part, PartStore } from './part-store.ts';
import { pack } from './parts.ts';
import { inWords } from './reasons.ts';
import { StoredCache } from './stored-cache.ts';
import { StoredSegments, type StreamLine } from './stored-segments.ts';
import { Survey } from './survey.ts';
import { Timeline } from './timeline.ts';
import { Gather } from './transcript/gather.ts';
import type { TranscriptStore } from './transcript/transcript-store.ts';
import { unlockStreams } from './unlock.ts';
import { readUnsealed } from './unsealed.ts';

type Opened = Extract<ReplayToScreen, { type: 'opened' }>;
type Progress = Extract<ReplayToScreen, { type: 'progress' }>;

export interface OpenOptions {
  recording: RecordingView;
  /** Its owner has more of it at hand than the store. */
  local: boolean;
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
  /** What could be read in it; the survey gathers it. */
  transcript: TranscriptStore;
  /** What copies of it are made of. */
  copies: CopySource;
  /** Reads and checks all of it; not begun yet. */
  survey: Survey;
}

/**
 * Opens one recording: its index and its keys. Nothing stored is read for that but a journal. What fails to verify is opened all the same and named by
 * the survey; what cannot be opened at all throws.
 */
export async function openRecording(options: OpenOptions): Promise<OpenedRecording> {
  const { recording, fetcher } = options;
  options.progress({ what: 'fetching', done: 0, total: 1 });
  const found = await fetchManifest(options);
  const answer = found instanceof SallyportError ? null : found;
  const manifest = answer === null ? null : readManifest(answer.manifest);
  const identities = await unlockStreams(fetcher, recording);
  options.progress({ what: 'decrypting', done: 0, total: 1 });
  const rest = await readUnsealed(options, manifest, identities);
  if (manifest === null && rest?.contents == null) throw rest?.problem ?? found;
  const segments = new StoredSegments(fetcher, identities);
  const readable = manifest?.segments.filter((line) => segments.canOpen(line)) ?? [];
  const events = rest?.contents?.events ?? { output: [], input: [] };
  const ends = [...readable.map((line) => line.t1), ...Object.values(events).map((list) => list.at(-1)?.atMs ?? 0)];
  const durationMs = ends.reduce((most, at) => Math.max(most, at), 0);
  const fromJournal = journalParts(events.output);
  const parts = inOrder([...storedParts(segments, readable), ...fromJournal.parts]);
  const store = new PartStore(parts, options.cacheBytes);
  const terminal = manifest?.header.terminal ?? rest?.contents?.header.terminal ?? { cols: 80, rows: 24 };
  const timeline = new Timeline(durationMs);
  timeline.add(events.output);
  timeline.add(events.input);
  const gaps = [...(rest?.gaps ?? [])];
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
    unlocked: Object.keys(identities) as KeyedStream[],
    endReason: manifest?.end?.reason ?? recording.endReason,
    parts: parts.map(({ t0, t1 }) => ({ t0, t1 })),
  };
  const stored = new StoredCache(segments);
  const gather = new Gather({
    manifest,
    rest: rest?.contents ?? null,
    identities,
    segments,
    fetch: (stream, seq) => stored.fetch(stream, seq),
    quiet: () => store.quiet(),
  });
  const survey = new Survey({
    serverKey: options.serverKey,
    answer,
    manifest,
    identities,
    segments,
    stored,
    gather,
    journal: recording.journal === null ? null : () => fetcher.journal(),
    wire: (direction) => fetcher.wire(direction),
    store,
    timeline,
    reasons,
    checks: [...(answer === null ? [noManifest(recording)] : []), ...(rest?.checks ?? [])],
  });
  const { store: transcript } = gather;
  const copies = { recording, manifest, rest: rest?.contents ?? null, segments, transcript };
  return { store, opened, transcript, copies, survey };
}

function isRunning({ state }: RecordingView): boolean {
  return state === 'receiving' || state === 'started';
}

/** Nothing of it is sealed: what a session that has just begun looks like, and one that crashed before it came to that. */
function noManifest(recording: RecordingView): Check {
  return recording.journal === null && isRunning(recording)
    ? { name: 'manifest', ok: true, detail: 'none yet: nothing of this session is sealed so far' }
    : {
        name: 'manifest',
        ok: false,
        detail: 'none was stored: the session process ended before its first segment was sealed',
      };
}

/** Its answer, or why there is none: only what the server heard of the journal may be there. Throws every other problem. */
async function fetchManifest({ fetcher }: OpenOptions): Promise<ManifestAnswer | SallyportError> {
  try {
    return await fetcher.manifest();
  } catch (error) {
    if (!isMissing(error)) throw error;
    return error;
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

function noEnd(recording: RecordingView, manifest: Manifest | null): string[] {
  if (manifest?.end != null) return [];
  return [recording.because ?? (isRunning(recording) ? notFinishedYet : 'it has no end')];
}
