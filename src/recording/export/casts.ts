import type { RecordedEvent } from '../../shared/record/events.ts';
import { readMarker } from '../../shared/record/markers.ts';
import { formatCastEvent, formatCastHeader } from '../text/cast.ts';
import { EventTextEncoder } from '../text/event-text.ts';
import type { OpenableRecording } from '../verify/source.ts';
import { recordedEvents } from './read-events.ts';

function header({ manifest }: OpenableRecording): CastOf {
  const { terminal, started } = manifest.header;
  return { terminal, timestamp: Math.floor(Date.parse(started) / 1000) };
}

/** What a cast begins with: the terminal, and when it began, in Unix seconds. */
export interface CastOf {
  terminal: { cols: number; rows: number; term: string };
  timestamp: number;
}

/**
 * The output as asciicast v3, with the events as they are kept: bytes that are not UTF-8 stand in the private form of docs/recording-format.md, so that nothing is lost.
 * Yields lines. Throws as `recordedEvents`.
 */
export function castV3(recording: OpenableRecording): AsyncGenerator<string> {
  return castV3Of(header(recording), recordedEvents(recording, 'output'));
}

/** As `castV3`, of any events. Throws what reading them throws. */
export async function* castV3Of(
  { terminal, timestamp }: CastOf,
  events: AsyncIterable<RecordedEvent>,
): AsyncGenerator<string> {
  yield formatCastHeader({
    version: 3,
    term: { cols: terminal.cols, rows: terminal.rows, type: terminal.term },
    timestamp,
  });
  const encoder = new EventTextEncoder();
  let last = 0;
  for await (const { code, data, atMs } of events) {
    const text = code === 'o' ? encoder.push(data) : Buffer.from(data).toString('utf8');
    // Nothing follows the exit: a character that was never finished goes before it.
    const unfinished = code === 'x' ? encoder.flush() : '';
    if (unfinished !== '') yield formatCastEvent(0, 'o', unfinished);
    if (text === '') continue;
    yield formatCastEvent(atMs - last, code, text);
    last = atMs;
  }
  const unfinished = encoder.flush();
  if (unfinished !== '') yield formatCastEvent(0, 'o', unfinished);
}

/**
 * The output as asciicast v2 (docs.asciinema.org/manual/asciicast/v2), which every asciinema plays. Bytes that are not UTF-8 become U+FFFD, markers their words,
 * and the exit status, which v2 does not have, a marker. Yields lines. Throws as `recordedEvents`.
 */
export async function* castV2(recording: OpenableRecording): AsyncGenerator<string> {
  const { terminal, timestamp } = header(recording);
  const { cols: width, rows: height, term } = terminal;
  yield `${JSON.stringify({ version: 2, width, height, timestamp, env: { TERM: term } })}\n`;
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let last = 0;
  for await (const { code, data, atMs } of recordedEvents(recording, 'output')) {
    last = atMs;
    const text = Buffer.from(data).toString('utf8');
    if (code === 'o') yield* eventV2(atMs, 'o', decoder.decode(data, { stream: true }));
    else if (code === 'r') yield* eventV2(atMs, 'r', text);
    else if (code === 'm') yield* eventV2(atMs, 'm', readMarker(text).text);
    else yield* eventV2(atMs, 'm', `exit ${text}`);
  }
  yield* eventV2(last, 'o', decoder.decode());
}

function* eventV2(atMs: number, code: string, text: string): Generator<string> {
  if (text === '') return;
  const seconds = `${Math.floor(atMs / 1000)}.${String(atMs % 1000).padStart(3, '0')}`;
  yield `[${seconds},"${code}",${JSON.stringify(text)}]\n`;
}
