import { z } from 'zod';
import type { Stream } from '../model/recording.ts';
import { sizeFields } from './terminal-size.ts';

/**
 * Layout of the journal, version 1 (docs/recording-format.md). One header line of JSON and a line feed, then frames:
 *
 *   length      4  unsigned, big-endian: bytes that follow
 *   stream      1  0 output, 1 input, 2 keys
 *   end offset  8  unsigned, big-endian: raw bytes of that stream up to and with this frame; of a keys frame: the epoch that begins, from 1
 *   sealed      -  AES-256-GCM ciphertext, then its 16 byte tag
 *
 * Nonce: the number of this frame among the frames of its stream under its key, from 0, as 12 bytes big-endian. Additional data: SHA-256 of the
 * header line (with its line feed), stream, end offset. Plaintext: events, each `code 1 | milliseconds 8 | length 4 | data`.
 *
 * A keys frame ends an epoch: what follows is sealed with the keys it brings, and what a key opens is one epoch, never the whole session. After
 * the first 9 bytes it holds JSON in clear (keysFrameSchema) and two tags of 16 bytes, by the ending epoch's output key and input key: AES-256-GCM
 * of nothing, nonce as for that stream's next frame, additional data SHA-256 of the header line, stream, epoch, JSON. It is a link of the chain like
 * every frame. What a server keeps of a journal may begin with one, right after the header line, when what came before is kept elsewhere.
 */
export const journalVersion = 1;
export const journalFile = 'journal';
export const lengthBytes = 4;
export const frameHeadBytes = 9;
export const tagBytes = 16;
export const nonceBytes = 12;
export const journalKeyBytes = 32;
export const eventHeadBytes = 13;
/** A frame's length beyond this is damage, not data. */
export const frameBytesAtMost = 1_048_576;
export const headerBytesAtMost = 65_536;

/**
 * Epochs of keys end where the output stream is cut (input is cut with it), when they are this old, or have this many frames of one stream or this many bytes of output: a
 * server holds an epoch until all of it is stored.
 */
export const epochMs = 60_000;
export const epochFrames = 1_048_576;
export const epochBytes = 8_388_608;

/** The journal is synced to disk after this time or this much, whichever comes first. */
export const syncEveryMs = 250;
export const syncEveryBytes = 65_536;

const streamNumbers: Record<Stream, number> = { output: 0, input: 1 };

/** The stream byte of a keys frame. */
export const keysNumber = 2;

export function streamNumber(stream: Stream): number {
  return streamNumbers[stream];
}

export function streamOfNumber(value: number): Stream | null {
  if (value === 0) return 'output';
  return value === 1 ? 'input' : null;
}

/** Per stream: an age file (base64) that holds its 32 byte key, for that stream's recipients. */
const sealedKeysSchema = z.object({ output: z.base64(), input: z.base64() });

export const journalHeaderSchema = z.object({
  'sallyport-journal': z.literal(journalVersion),
  session: z.string(),
  serverNonce: z.string(),
  /** Wall clock (ISO 8601 UTC) and the machine's monotonic clock (milliseconds) at the start. */
  started: z.string(),
  monotonicMs: z.number(),
  terminal: z.object({ ...sizeFields, term: z.string() }),
  keys: sealedKeysSchema,
});
export type JournalHeader = z.infer<typeof journalHeaderSchema>;

const counts = z.strictObject({ output: z.number().int().nonnegative(), input: z.number().int().nonnegative() });

/** The JSON of a keys frame. */
export const keysFrameSchema = z.strictObject({
  /** What came before it in the whole journal: frames and raw bytes of each stream, and the chain's last link (hex). */
  frames: counts,
  bytes: counts,
  chain: z.string().regex(/^[0-9a-f]{64}$/),
  keys: sealedKeysSchema.strict(),
});
export type KeysFrame = z.infer<typeof keysFrameSchema>;
