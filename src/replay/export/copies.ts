import { createHash } from 'node:crypto';
import { castV3Of } from '../../recording/export/casts.ts';
import { clock, harmless } from '../../recording/export/texts.ts';
import type { JournalContents } from '../../recording/journal/read-journal.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { RecordingView } from '../../shared/model/recording.ts';
import type { OwnerToReplay, TranscriptLine } from '../../shared/protocol/replay.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import { type StoredSegments, type StreamLine, segmentName } from '../stored-segments.ts';
import type { SurveyMessage } from '../survey.ts';
import type { TranscriptStore } from '../transcript/transcript-store.ts';

export type ExportAsked = Extract<OwnerToReplay, { type: 'export' }>;

/** What a copy is made of. */
export interface CopySource {
  recording: RecordingView;
  manifest: Manifest | null;
  rest: JournalContents | null;
  segments: StoredSegments;
  transcript: TranscriptStore;
}

export interface CopyOptions {
  asked: Pick<ExportAsked, 'format' | 'by' | 'software'>;
  /** What was found when all of it was read. */
  found: SurveyMessage;
  now: Date;
  onProgress: (done: number, total: number) => void;
}

/**
 * The lines of a copy. Throws SP-3030 where a form that has no place to say so would hold less than the recording or something that does not verify; a transcript says
 * it in its head.
 */
export function copyLines(source: CopySource, options: CopyOptions): AsyncIterable<string> {
  if (options.asked.format === 'transcript') return transcriptLines(source, options);
  const { found } = options;
  if (found.problem !== null) throw new SallyportError(found.problem.code, found.problem.message);
  if (found.verified === false) {
    const bad = found.checks.find((check) => !check.ok);
    throw new SallyportError(
      'SP-3030',
      `This recording does not verify, and an asciicast has no place to say so: nothing was written. Write a transcript, which says it. ${bad?.name}: ${bad?.detail}`.slice(
        0,
        1900,
      ),
    );
  }
  const { terminal, started } = head(source);
  const timestamp = Math.floor(Date.parse(started) / 1000);
  return castV3Of({ terminal, timestamp }, outputEvents(source, options.onProgress));
}

function head({ manifest, rest }: CopySource): {
  terminal: { cols: number; rows: number; term: string };
  started: string;
} {
  const found = manifest?.header ?? rest?.header;
  if (found === undefined)
    throw new SallyportError('SP-3032', 'Nothing of this recording is stored yet. Try again when it is.');
  return found;
}

/** All events of the output that are shown: of the segments, then of what goes on where they stop. Throws SP-3030 at a segment that is not shown. */
async function* outputEvents(
  { manifest, rest, segments }: CopySource,
  onProgress: CopyOptions['onProgress'],
): AsyncGenerator<RecordedEvent> {
  const lines = manifest?.segments.filter((line): line is StreamLine => line.stream === 'output') ?? [];
  for (const [index, line] of lines.entries()) {
    onProgress(index, lines.length + 1);
    const { events, fault } = await segments.load(line);
    if (fault !== null)
      throw new SallyportError('SP-3030', `The copy was not written: ${segmentName(line)}: ${fault}.`);
    yield* events;
  }
  onProgress(lines.length, lines.length + 1);
  yield* rest?.events.output ?? [];
}

async function* transcriptLines(source: CopySource, options: CopyOptions): AsyncGenerator<string> {
  yield* transcriptHead(source, options);
  const { commands } = options.found;
  if (commands.length > 0) {
    yield '\nCommands\n\n';
    for (const { atMs, command, status } of commands)
      yield `${clock(atMs)}  ${inOneLine(command)}${status === null ? '' : `  [exit ${status}]`}\n`;
  }
  yield '\nWhat was read on the screen\n\n';
  const { transcript } = source;
  for (let index = 0; index < transcript.blocks; index += 1) {
    options.onProgress(index, transcript.blocks);
    for (const line of await transcript.linesOf(index)) yield `${clock(line.atMs)}  ${lineWords(line)}\n`;
  }
}

/** A command stands for the line that it was entered in. */
function lineWords({ kind, text }: TranscriptLine): string {
  if (kind === 'command') return `$ ${inOneLine(text)}`;
  return kind === 'gap' ? `[no text from here: ${inOneLine(text)}]` : inOneLine(text);
}

function inOneLine(text: string): string {
  return harmless(text.replaceAll('\n', ' \u23ce '));
}

function* transcriptHead(source: CopySource, { asked, found, now }: CopyOptions): Generator<string> {
  const { recording, manifest, rest } = source;
  const { user, device, target, login } = recording;
  const started = manifest?.header.started ?? rest?.header.started ?? recording.startedAt;
  const rows: [string, string][] = [
    ['Recording', recording.sessionId],
    ['Who', `${user.name} (${user.id}), on ${device.name}`],
    ['Target', `${target.name} (${target.address})`],
    ['Login', login],
    ['Started', started],
    ['Ended', ended(source)],
    ...(recording.reason === null ? [] : ([['Reason', recording.reason]] satisfies [string, string][])),
    ['Evidence', found.checks.find(({ name }) => name === 'evidence')?.detail ?? 'not known'],
    ['Verified', verified(found)],
    [
      'Manifest',
      manifest === null ? 'none was stored' : `SHA-256 ${createHash('sha256').update(manifest.text).digest('hex')}`,
    ],
    ['Made by', `${asked.software}, for ${asked.by}, on ${now.toISOString()}`],
  ];
  yield 'Transcript of a recording\n\n';
  for (const [name, value] of rows) yield `${`${name}:`.padEnd(11)} ${inOneLine(value)}\n`;
  yield '\nTimes are hours, minutes, seconds since the start. A command has the time at which it was entered; a line below it the time at which it left the screen or, if it still stood there when the next command was entered or in the end, that of the line above. It is what the screen showed, which is less than what was sent.\n';
}

function ended({ manifest, recording }: CopySource): string {
  const end = manifest?.end ?? null;
  return end === null ? (recording.because ?? recording.endReason ?? 'not yet') : `${end.at}, ${end.reason}`;
}

function verified({ verified: holds, checks, incomplete, problem }: SurveyMessage): string {
  if (problem !== null) return `not checked: ${problem.message}`;
  if (holds === null) return 'not checked';
  const bad = checks.filter((check) => !check.ok).map(({ name, detail }) => `${name}: ${detail}`);
  if (!holds) return `NO. ${bad.join('; ')}`;
  const known = checks.filter((check) => check.lacking !== true).length;
  return incomplete === null ? `yes, all ${known} checks hold` : `what is there holds; not whole: ${incomplete}`;
}
