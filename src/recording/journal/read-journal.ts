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
  keysNumber,
  lengthBytes,
  streamOfNumber,
  tagBytes,
} from '../../shared/record/journal.ts';
import { parseKeysFrame } from '../../shared/record/journal-scan.ts';
import { ageOpen } from '../codecs/age.ts';
import { openFrame } from './frame.ts';
import { checkKeysFrame, type EndingKey } from './keys-frame.ts';

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
  /** Frames of each stream before the first one that is here: 0, unless it begins later. */
  starts: Record<Stream, number>;
  /** The epoch of keys at its end. */
  epoch: number;
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

type Identities = Partial<Record<Stream, string>>;

async function openKeys(
  sealed: JournalHeader['keys'],
  identities: Identities,
): Promise<Partial<Record<Stream, EndingKey>>> {
  const keys: Partial<Record<Stream, EndingKey>> = {};
  for (const stream of ['output', 'input'] as const) {
    const identity = identities[stream];
    if (identity === undefined) continue;
    const key = Buffer.from(await ageOpen(Buffer.from(sealed[stream], 'base64'), identity));
    if (key.length !== journalKeyBytes) throw notJournal(`holds a key of the wrong length for ${stream}`);
    keys[stream] = { key, frames: 0 };
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
 * Reads a journal with the age identities of the streams that may be read. Frames of a stream before `from` are checked and not returned. Throws
 * SP-3030 when it is no journal or an identity does not fit; a torn or damaged end is not thrown but told: all before it is good.
 *
 * `beginsLater`: it may begin with a keys frame, because what came before is kept elsewhere; `frames`, `bytes` and `chain` are those of the whole journal
 * all the same. No key stands behind such a first frame: take it only from who had it from the session's own process.
 */
export async function readJournal(
  file: Uint8Array,
  identities: Identities,
  from: Partial<Record<Stream, number>> = {},
  options: { beginsLater?: boolean } = {},
): Promise<JournalContents> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const { header, length: headerLength } = readHeader(bytes);
  const headerHash = createHash('sha256').update(bytes.subarray(0, headerLength)).digest();
  const reader = new FrameReader({ header, headerHash, identities, from, beginsLater: options.beginsLater === true });
  await reader.begin();
  let at = headerLength;
  try {
    while (at < bytes.length) {
      const length = frameAt(bytes, at);
      if (typeof length !== 'number') {
        reader.out.broke = length;
        break;
      }
      const damage = await reader.read(bytes.subarray(at, at + length));
      if (damage !== null) {
        reader.out.broke = { at, kind: 'damaged', what: damage };
        break;
      }
      at += length;
    }
  } finally {
    reader.wipe();
  }
  return reader.out;
}

/** Follows a journal's frames one by one. */
class FrameReader {
  readonly out: JournalContents;
  private readonly headerHash: Buffer;
  private readonly identities: Identities;
  private readonly from: Partial<Record<Stream, number>>;
  private keys: Partial<Record<Stream, EndingKey>> = {};
  private mayBeginHere: boolean;

  constructor(options: {
    header: JournalHeader;
    headerHash: Buffer;
    identities: Identities;
    from: Partial<Record<Stream, number>>;
    beginsLater: boolean;
  }) {
    this.headerHash = options.headerHash;
    this.identities = options.identities;
    this.from = options.from;
    this.mayBeginHere = options.beginsLater;
    const firstLink = options.headerHash.toString('hex');
    this.out = {
      header: options.header,
      events: { output: [], input: [] },
      frames: { output: 0, input: 0 },
      bytes: { output: 0, input: 0 },
      starts: { output: 0, input: 0 },
      epoch: 0,
      chain: firstLink,
      firstLink,
      broke: null,
    };
  }

  /** Opens the header's keys. Throws SP-3030. */
  async begin(): Promise<void> {
    this.keys = await openKeys(this.out.header.keys, this.identities);
  }

  wipe(): void {
    for (const { key } of Object.values(this.keys)) key.fill(0);
  }

  /** Takes one frame with its length; returns what is wrong with it, or null. Throws SP-3030 when new keys are not for the identities. */
  async read(frame: Buffer): Promise<string | null> {
    const body = frame.subarray(lengthBytes);
    const damage = body[0] === keysNumber ? await this.readKeys(body) : this.readEvents(body);
    if (damage !== null) return damage;
    const chain = createHash('sha256').update(Buffer.from(this.out.chain, 'hex')).update(frame);
    this.out.chain = chain.digest('hex');
    this.mayBeginHere = false;
    return null;
  }

  private async readKeys(body: Buffer): Promise<string | null> {
    const parsed = parseKeysFrame(body);
    if (parsed === null) return 'a frame of keys of an unknown form';
    const { out } = this;
    const { epoch, facts } = parsed;
    if (this.mayBeginHere) {
      out.frames = { ...facts.frames };
      out.bytes = { ...facts.bytes };
      out.starts = { ...facts.frames };
      out.chain = facts.chain;
    } else {
      if (epoch !== out.epoch + 1) return 'keys of another epoch than the next';
      const same = (['output', 'input'] as const).every(
        (stream) => facts.frames[stream] === out.frames[stream] && facts.bytes[stream] === out.bytes[stream],
      );
      if (!same || facts.chain !== out.chain) return 'keys that follow other frames than these';
      for (const stream of ['output', 'input'] as const) {
        const ending = this.keys[stream];
        if (ending !== undefined && !checkKeysFrame(this.headerHash, body, stream, ending))
          return `keys that the ${stream} keys before them do not stand behind`;
      }
    }
    this.wipe();
    this.keys = await openKeys(facts.keys, this.identities);
    out.epoch = epoch;
    return null;
  }

  private readEvents(body: Buffer): string | null {
    const { out } = this;
    const stream = streamOfNumber(body[0] ?? 255);
    if (stream === null) return 'a frame of an unknown stream';
    const end = Number(body.readBigUInt64BE(1));
    const key = this.keys[stream];
    const number = out.frames[stream];
    if (end < out.bytes[stream]) return 'an offset that goes back';
    if (key !== undefined) {
      try {
        const events = openFrame({ key: key.key, headerHash: this.headerHash }, key.frames, body);
        const raw = events.reduce(
          (sum, event) => sum + (event.code === 'o' || event.code === 'i' ? event.data.length : 0),
          0,
        );
        if (out.bytes[stream] + raw !== end) return 'an offset that does not fit its bytes';
        if (number >= (this.from[stream] ?? 0)) out.events[stream].push(...events);
        key.frames += 1;
      } catch {
        return `${stream} frame ${number} does not open: it was changed, removed or moved`;
      }
    }
    out.frames[stream] += 1;
    out.bytes[stream] = end;
    return null;
  }
}
