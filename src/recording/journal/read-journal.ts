import { createHash } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import type { RecordedEvent } from '../../shared/record/events.ts';
import {
  frameBytesAtMost,
  frameHeadBytes,
  headerBytesAtMost,
  type JournalHeader,
  journalHeaderSchema,
  journalKeyBytes,
  lengthBytes,
  streamOfNumber,
  tagBytes,
} from '../../shared/record/journal.ts';
import { ageOpen } from '../codecs/age.ts';
import { openFrame } from './frame.ts';

/** Where reading stopped before the end of the file, in bytes from its start. */
export interface JournalBreak {
  at: number;
  /** `torn`: the last frame is not whole, as a crash or a power cut leaves it. `damaged`: bytes were changed, removed or moved. */
  kind: 'torn' | 'damaged';
  what: string;
}

export interface JournalContents {
  header: JournalHeader;
  events: Record<Stream, RecordedEvent[]>;
  /** Frames of each stream that are whole; a stream without its key is counted, not read. */
  frames: Record<Stream, number>;
  bytes: Record<Stream, number>;
  /** The last link of the chain over the whole frames (hex), and that of the header. */
  chain: string;
  firstLink: string;
  broke: JournalBreak | null;
}

function notJournal(what: string): SallyportError {
  return new SallyportError(
    'SP-3030',
    `The journal ${what}. Nothing of it can be read; the sealed segments, if any, are all there is.`,
  );
}

function readHeader(bytes: Buffer): { header: JournalHeader; length: number } {
  const end = bytes.subarray(0, headerBytesAtMost).indexOf(0x0a);
  if (end < 0) throw notJournal('has no header line');
  try {
    return { header: journalHeaderSchema.parse(JSON.parse(bytes.toString('utf8', 0, end))), length: end + 1 };
  } catch {
    throw notJournal('has a header of an unknown form');
  }
}

async function openKeys(
  header: JournalHeader,
  identities: Partial<Record<Stream, string>>,
): Promise<Partial<Record<Stream, Buffer>>> {
  const keys: Partial<Record<Stream, Buffer>> = {};
  for (const stream of ['output', 'input'] as const) {
    const identity = identities[stream];
    if (identity === undefined) continue;
    const key = Buffer.from(await ageOpen(Buffer.from(header.keys[stream], 'base64'), identity));
    if (key.length !== journalKeyBytes) throw notJournal(`holds a key of the wrong length for ${stream}`);
    keys[stream] = key;
  }
  return keys;
}

/** The length of the frame at `at`, or where and how the journal breaks there. */
function frameAt(bytes: Buffer, at: number): number | JournalBreak {
  const left = bytes.length - at;
  const torn = (what: string): JournalBreak => ({ at, kind: 'torn', what });
  if (left < lengthBytes) return torn('the file ends inside a frame');
  const length = bytes.readUInt32BE(at);
  // A power cut may leave the file's new size without its bytes: zeros to the end.
  if (length === 0 && bytes.subarray(at).every((byte) => byte === 0)) return torn('zeros to the end of the file');
  if (length < frameHeadBytes + tagBytes || length > frameBytesAtMost)
    return { at, kind: 'damaged', what: 'a frame of an impossible length' };
  return lengthBytes + length > left ? torn('the file ends inside a frame') : lengthBytes + length;
}

/**
 * Reads a journal with the age identities of the streams that may be read. Frames of a stream before `from` are checked and not returned.
 * Throws SP-3030 when it is no journal or an identity does not fit; a torn or damaged end is not thrown but told: all before it is good.
 */
export async function readJournal(
  file: Uint8Array,
  identities: Partial<Record<Stream, string>>,
  from: Partial<Record<Stream, number>> = {},
): Promise<JournalContents> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const { header, length: headerLength } = readHeader(bytes);
  const headerHash = createHash('sha256').update(bytes.subarray(0, headerLength)).digest();
  const keys = await openKeys(header, identities);
  const out: JournalContents = {
    header,
    events: { output: [], input: [] },
    frames: { output: 0, input: 0 },
    bytes: { output: 0, input: 0 },
    chain: '',
    firstLink: headerHash.toString('hex'),
    broke: null,
  };
  let chain = headerHash;
  let at = headerLength;
  while (at < bytes.length) {
    const length = frameAt(bytes, at);
    if (typeof length !== 'number') {
      out.broke = length;
      break;
    }
    const damage = readFrame(out, bytes.subarray(at + lengthBytes, at + length), keys, headerHash, from);
    if (damage !== null) {
      out.broke = { at, kind: 'damaged', what: damage };
      break;
    }
    chain = createHash('sha256')
      .update(chain)
      .update(bytes.subarray(at, at + length))
      .digest();
    at += length;
  }
  for (const key of Object.values(keys)) key.fill(0);
  out.chain = chain.toString('hex');
  return out;
}

/** Adds one frame's events; returns what is wrong with it, or null. */
function readFrame(
  out: JournalContents,
  body: Buffer,
  keys: Partial<Record<Stream, Buffer>>,
  headerHash: Buffer,
  from: Partial<Record<Stream, number>>,
): string | null {
  const stream = streamOfNumber(body[0] ?? 255);
  if (stream === null) return 'a frame of an unknown stream';
  const end = Number(body.readBigUInt64BE(1));
  const key = keys[stream];
  const number = out.frames[stream];
  if (end < out.bytes[stream]) return 'an offset that goes back';
  if (key !== undefined) {
    try {
      const events = openFrame({ key, headerHash }, number, body);
      const raw = events.reduce(
        (sum, event) => sum + (event.code === 'o' || event.code === 'i' ? event.data.length : 0),
        0,
      );
      if (out.bytes[stream] + raw !== end) return 'an offset that does not fit its bytes';
      if (number >= (from[stream] ?? 0)) out.events[stream].push(...events);
    } catch {
      return `${stream} frame ${number} does not open: it was changed, removed or moved`;
    }
  }
  out.frames[stream] += 1;
  out.bytes[stream] = end;
  return null;
}
