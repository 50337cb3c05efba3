import type { Stream } from '../model/recording.ts';
import {
  frameBytesAtMost,
  frameHeadBytes,
  headerBytesAtMost,
  type KeysFrame,
  keysFrameSchema,
  keysNumber,
  lengthBytes,
  streamOfNumber,
  tagBytes,
} from './journal.ts';

/** The epoch that begins with a keys frame's body (what follows its length) and what it says. Checks no tag. Null when it has another form. */
export function parseKeysFrame(body: Uint8Array): { epoch: number; facts: KeysFrame } | null {
  if (body.length <= frameHeadBytes + 2 * tagBytes || body.length > headerBytesAtMost || body[0] !== keysNumber)
    return null;
  const epoch = Number(new DataView(body.buffer, body.byteOffset, body.byteLength).getBigUint64(1));
  // All of it is ASCII: what is not, is not in the only form either.
  let text = '';
  for (const byte of body.subarray(frameHeadBytes, body.length - 2 * tagBytes)) text += String.fromCharCode(byte);
  try {
    const facts = keysFrameSchema.parse(JSON.parse(text));
    return epoch > 0 && JSON.stringify(facts) === text ? { epoch, facts } : null;
  } catch {
    return null;
  }
}

/** What can be seen of a frame without any key. */
export type ScannedFrame =
  /** `end`: raw bytes of its stream with it. */
  | { at: number; length: number; kind: Stream; end: number }
  | { at: number; length: number; kind: 'keys'; epoch: number; facts: KeysFrame };

export interface Scan {
  /** Whole frames, one after the other from the beginning. `at` and `length` in bytes, the length word counted. */
  frames: ScannedFrame[];
  /** Where they end. */
  end: number;
  /** What is wrong there; null when only the rest of a frame is missing, or nothing. */
  damage: string | null;
}

/** Finds the frames of a part of a journal that begins where a frame does. Never throws. */
export function scanFrames(part: Uint8Array): Scan {
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  const frames: ScannedFrame[] = [];
  let at = 0;
  const damaged = (damage: string): Scan => ({ frames, end: at, damage });
  while (part.length - at >= lengthBytes) {
    const body = view.getUint32(at);
    if (body < frameHeadBytes + tagBytes || body > frameBytesAtMost) return damaged('a frame of an impossible length');
    const length = lengthBytes + body;
    if (length > part.length - at) break;
    const number = part[at + lengthBytes] ?? 255;
    if (number === keysNumber) {
      const keys = parseKeysFrame(part.subarray(at + lengthBytes, at + length));
      if (keys === null) return damaged('a frame of keys of an unknown form');
      frames.push({ at, length, kind: 'keys', ...keys });
    } else {
      const kind = streamOfNumber(number);
      const end = Number(view.getBigUint64(at + lengthBytes + 1));
      if (kind === null) return damaged('a frame of an unknown stream');
      if (!Number.isSafeInteger(end)) return damaged('an impossible offset');
      frames.push({ at, length, kind, end });
    }
    at += length;
  }
  return { frames, end: at, damage: null };
}
