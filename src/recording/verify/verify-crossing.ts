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

/** All that was found, and all that could not be looked at. */
function inWords(found: WireComparison): string {
  const { announcedBytes, notRecorded, notSent } = found;
  const { toTarget, fromTarget } = found.closed;
  const parts = [
    `${found.outputBytes} bytes of output, ${found.inputBytes} of input and ${found.resizes} resizes crossed as recorded`,
  ];
  if (notRecorded.output > 0) parts.push(`${notRecorded.output} bytes of output crossed and are not recorded`);
  if (notRecorded.input > 0) parts.push(`${notRecorded.input} bytes of input crossed and are not recorded`);
  if (notSent.input > 0) parts.push(`${notSent.input} bytes of input were recorded and not sent any more`);
  if (notSent.sizes > 0) parts.push(`${notSent.sizes} sizes were recorded and not sent any more`);
  if (announcedBytes > 0)
    parts.push(`${announcedBytes} bytes are recorded as the target's words before the login, which nothing confirms`);
  const login = toTarget.before.bytes + fromTarget.before.bytes;
  if (login > 0)
    parts.push(
      `the login was not opened (${toTarget.before.bytes} bytes to the target, ${fromTarget.before.bytes} from it)`,
    );
  const after = toTarget.after.bytes + fromTarget.after.bytes;
  if (after > 0)
    parts.push(
      `${toTarget.after.bytes} bytes to the target and ${fromTarget.after.bytes} from it cannot be opened: their exchange was not kept`,
    );
  const cut = toTarget.cut + fromTarget.cut;
  if (cut > 0) parts.push(`${cut} bytes are of packets that were cut off`);
  return parts.join('; ');
}

/** Why a record that is equal to what can be opened may still not be all that crossed. */
function lacking(found: WireComparison, ended: boolean): string[] {
  const { notRecorded, notSent, closed } = found;
  const reasons: string[] = [];
  if (notRecorded.output > 0) reasons.push('output crossed that is not recorded');
  if (notRecorded.input > 0) reasons.push('input crossed that is not recorded');
  if (closed.toTarget.after.bytes + closed.fromTarget.after.bytes > 0)
    reasons.push('bytes crossed at the end that nobody can open');
  if (ended && notSent.input > 0)
    reasons.push('input is recorded that was not sent, although the program ended by itself');
  if (found.lastUnused) reasons.push('nothing crossed after the last anchor that shows it to be of this connection');
  return reasons;
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
  else {
    list.good('crossing', inWords(found));
    for (const reason of lacking(found, manifest.end?.kind === 'exit')) list.lacks('crossing', reason);
  }
  return found.equal;
}
