import type { Stream } from '../../shared/model/recording.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import { compareWire, type WireComparison } from '../evidence/wire.ts';
import type { CheckList } from './checks.ts';
import { openedEvents } from './open-segments.ts';
import type { OpenableRecording } from './source.ts';
import type { CheckedAnchors } from './verify-anchors.ts';

/** Events of a journal beyond the segments, per stream. */
export type RestEvents = Record<Stream, readonly RecordedEvent[]>;

async function* eventsOf(recording: OpenableRecording, stream: Stream, rest: RestEvents | null) {
  yield* openedEvents(recording, stream);
  if (rest !== null) yield* rest[stream];
}

function inWords(found: WireComparison): string {
  const parts = [
    `${found.outputBytes} bytes of output, ${found.inputBytes} of input and ${found.resizes} resizes crossed as recorded`,
  ];
  if (found.notRecorded > 0) parts.push(`${found.notRecorded} bytes of output were on their way when it was cut`);
  if (found.notSent > 0) parts.push(`${found.notSent} bytes of input were recorded and not sent any more`);
  return parts.join('; ');
}

/**
 * Opens the kept wire with the keys of the anchors' exchanges and compares all that crossed with the recording. Needs identities of both streams. Returns whether
 * it was compared and is equal; without kept exchanges nothing of it can be opened, which is said.
 */
export async function checkCrossing(
  recording: OpenableRecording,
  anchors: CheckedAnchors,
  rest: RestEvents | null,
  list: CheckList,
): Promise<boolean> {
  const { source, manifest, identities } = recording;
  if (identities.output === undefined || identities.input === undefined) {
    list.good('crossing', 'not compared: that needs the keys of output and input');
    return false;
  }
  if (anchors.exchanges.length === 0) {
    list.good('crossing', 'not compared: no anchor holds a secret that opens the wire');
    return false;
  }
  const toTarget = (await source.wire?.('to-target')) ?? null;
  const fromTarget = (await source.wire?.('from-target')) ?? null;
  if (toTarget === null || fromTarget === null) return false;
  const found = await compareWire({
    toTarget,
    fromTarget,
    exchanges: anchors.exchanges,
    output: eventsOf(recording, 'output', rest),
    input: eventsOf(recording, 'input', rest),
    end: manifest.end,
    terminal: manifest.header.terminal,
    command: manifest.header.command,
    mode: manifest.header.mode,
  });
  const { difference } = found;
  if (difference !== null) list.bad('crossing', `${difference.stream}, byte ${difference.offset}`, difference.what);
  else list.good('crossing', inWords(found));
  return found.equal;
}
