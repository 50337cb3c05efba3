import { createHash } from 'node:crypto';
import { headerBytesAtMost, type JournalHeader, journalHeaderSchema } from '../../shared/record/journal.ts';
import { type ScannedFrame, scanFrames } from '../../shared/record/journal-scan.ts';

/** How far a journal goes, as its frames tell without a key: frames and raw bytes of each stream, the epoch of keys, the chain's last link (hex). */
export interface JournalPlace {
  frames: { output: number; input: number };
  bytes: { output: number; input: number };
  epoch: number;
  chain: string;
}

/** A run of frames; where keys change a new one begins. `at` counts from the beginning of the bytes that were followed. */
export interface JournalRun {
  at: number;
  bytes: Uint8Array;
  keys: boolean;
  frames: { output: number; input: number };
}

/** A header line on its own, with its line feed; or what is wrong with it. */
export function readHeaderPiece(bytes: Uint8Array): JournalHeader | string {
  if (bytes.length > headerBytesAtMost || bytes.indexOf(0x0a) !== bytes.length - 1) return 'no header line';
  try {
    return journalHeaderSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return 'a header of an unknown form';
  }
}

export function firstPlace(header: Uint8Array): JournalPlace {
  return {
    frames: { output: 0, input: 0 },
    bytes: { output: 0, input: 0 },
    epoch: 0,
    chain: createHash('sha256').update(header).digest('hex'),
  };
}

function isBefore(place: JournalPlace, frame: Extract<ScannedFrame, { kind: 'keys' }>): boolean {
  const { frames, bytes, chain } = frame.facts;
  return (
    frame.epoch === place.epoch + 1 &&
    chain === place.chain &&
    frames.output === place.frames.output &&
    frames.input === place.frames.input &&
    bytes.output === place.bytes.output &&
    bytes.input === place.bytes.input
  );
}

/**
 * Follows whole frames from `place`; returns where they begin and lead and the runs to keep, or what is wrong. `place` null: they begin with a keys frame, whose word is taken for what
 * came before. Nothing of a frame's content can be checked here: it is sealed.
 */
export function followFrames(
  place: JournalPlace | null,
  bytes: Uint8Array,
): { begins: JournalPlace; place: JournalPlace; runs: JournalRun[] } | string {
  const scan = scanFrames(bytes);
  if (scan.damage !== null) return scan.damage;
  if (scan.end !== bytes.length) return 'a frame that is not whole';
  const [first] = scan.frames;
  if (first === undefined) return 'no frame';
  if (place === null && first.kind !== 'keys') return 'frames whose beginning is missing';
  const facts = first.kind === 'keys' ? first.facts : null;
  const begin: JournalPlace | null =
    place ?? (facts === null || first.kind !== 'keys' ? null : { ...facts, epoch: first.epoch - 1 });
  if (begin === null) return 'frames whose beginning is missing';
  const now: JournalPlace = { ...begin, frames: { ...begin.frames }, bytes: { ...begin.bytes } };
  const runs: JournalRun[] = [];
  for (const frame of scan.frames) {
    if (frame.kind === 'keys') {
      if (!isBefore(now, frame)) return 'keys that follow other frames than these';
      now.epoch = frame.epoch;
    } else {
      if (frame.end < now.bytes[frame.kind]) return 'an offset that goes back';
    }
    const run = runs.at(-1);
    if (run === undefined || frame.kind === 'keys')
      runs.push({ at: frame.at, bytes: new Uint8Array(), keys: frame.kind === 'keys', frames: { ...now.frames } });
    const open = runs.at(-1);
    if (open !== undefined) open.bytes = bytes.subarray(open.at, frame.at + frame.length);
    if (frame.kind !== 'keys') {
      now.frames[frame.kind] += 1;
      now.bytes[frame.kind] = frame.end;
    }
    const link = createHash('sha256').update(Buffer.from(now.chain, 'hex'));
    now.chain = link.update(bytes.subarray(frame.at, frame.at + frame.length)).digest('hex');
  }
  return { begins: begin, place: now, runs };
}

/** Whether a place can be one that a journal comes to after `other`: none of its counts goes back. */
export function isNotBehind(place: JournalPlace, other: JournalPlace): boolean {
  return (
    place.epoch >= other.epoch &&
    place.frames.output >= other.frames.output &&
    place.frames.input >= other.frames.input &&
    place.bytes.output >= other.bytes.output &&
    place.bytes.input >= other.bytes.input
  );
}
