import { z } from 'zod';
import { keyedStreamSchema } from '../model/recording.ts';
import { endReasonSchema, recordModeSchema, routeKindSchema } from '../model/session.ts';
import { closeReasons } from './segments.ts';
import { sizeFields } from './terminal-size.ts';

/**
 * The manifest as data, version 1. Its text is one line per fact (manifest-lines.ts). Digests are lower-case hex SHA-256. Times are ISO 8601
 * UTC or milliseconds since the start of the recording.
 */
export const manifestVersion = 1;
export const manifestFile = 'manifest';
export const manifestSignatureFile = 'manifest.sig';
/** A longer one is not stored. Some 430 bytes for 256 KiB of output: about 5 GB of it. */
export const manifestBytesAtMost = 8_388_608;

export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
const named = z.object({ id: z.string(), name: z.string() });

/** What was known before the first byte. Key order is the order in the text. */
export const manifestHeaderSchema = z.object({
  session: z.string(),
  'server-nonce': z.string(),
  user: named,
  device: named,
  /** OpenSSH lines. */
  'device-key': z.string(),
  'session-key': z.string(),
  /** The device key's armoured signature of `sessionKeyStatement`. */
  'session-key-certificate': z.string(),
  /** Digest of the signed grant's payload. */
  grant: digestSchema,
  target: z.object({ id: z.string(), name: z.string(), host: z.string(), port: z.number().int() }),
  login: z.string(),
  /** What was run instead of a shell; null for a shell. */
  command: z.string().nullable(),
  route: routeKindSchema,
  reason: z.string().nullable(),
  ticket: z.string().nullable(),
  /** SHA256:... fingerprints the grant allows; the session ends before login at any other. */
  'host-keys': z.array(z.string()),
  started: z.string(),
  /** The machine's monotonic clock at the start, in milliseconds. */
  'monotonic-ms': z.number(),
  terminal: z.object({ ...sizeFields, term: z.string() }),
  /** Terminal engine, its version and width table: what a viewer must use to see the same screen. */
  engine: z.object({ name: z.string(), version: z.string(), widths: z.string() }),
  software: z.string(),
  codec: z.object({ events: z.literal('asciicast-3'), compression: z.literal('zstd'), encryption: z.literal('age') }),
  /** What was to be kept as evidence, by the grant. What was kept, the anchor lines and the receipts say. */
  evidence: z.object({ anchors: z.boolean(), wire: z.boolean() }),
  mode: recordModeSchema,
  recipients: z.object({
    output: z.array(z.string()).min(1),
    input: z.array(z.string()).min(1),
    text: z.array(z.string()).min(1),
  }),
  /** SHA-256 of the journal's header line: the first link of its chain. */
  journal: digestSchema,
});
export type ManifestHeader = z.infer<typeof manifestHeaderSchema>;

export const terminalEngine = { name: 'xterm.js', version: '6.0.0', widths: 'unicode-11' } as const;

/** `previous` of a line: the digest of the whole manifest before that line, every line with its line feed. */
export const segmentLineSchema = z.object({
  stream: keyedStreamSchema,
  seq: count,
  file: z.string(),
  /** Digest and size of the file as stored (sealed). There is no digest of plaintext. */
  sha256: digestSchema,
  bytes: count,
  /** Times of its first and last event; both 0 when there is none. */
  t0: count,
  t1: count,
  events: z.object({ o: count, i: count, r: count, m: count, x: count }).partial(),
  /** Frames of this stream's journal that this segment and those before it cover: the journal goes on from there. 0 for text. */
  frames: count,
  previous: digestSchema,
  why: z.enum(closeReasons),
});
export type SegmentLine = z.infer<typeof segmentLineSchema>;

/** What the target's host key has signed for in an anchor: the grant (right after the login), or the manifest as far as it went then. */
export const anchorSubjectSchema = z.enum(['grant', 'head']);
export type AnchorSubject = z.infer<typeof anchorSubjectSchema>;

/** One key exchange that carried a digest (anchors.ts has the file). */
export const anchorLineSchema = z.object({
  seq: count,
  file: z.string(),
  sha256: digestSchema,
  bytes: count,
  /** When the exchange was over. */
  at: count,
  subject: anchorSubjectSchema,
  /** For `head`: the digest is that of the first `lines` lines of this manifest. 0 for `grant`. */
  lines: count,
  previous: digestSchema,
});
export type AnchorLine = z.infer<typeof anchorLineSchema>;

/** A receipt that came while the session ran: from here on the session's own signature stands for it as well. */
export const receiptLineSchema = z.object({
  /** Lines of this manifest that the receipt covers. */
  lines: count,
  /** Digest of the receipt's signed payload, as it stands in receipts.json. */
  sha256: digestSchema,
  previous: digestSchema,
});
export type ReceiptLine = z.infer<typeof receiptLineSchema>;

const endKinds = endReasonSchema.options.map((option) => option.shape.kind.value);
export const endKindSchema = z.enum(endKinds);
export type EndKind = z.infer<typeof endKindSchema>;

export const endLineSchema = z.object({
  previous: digestSchema,
  /** Raw bytes and segments of each stream, journal frames of both and the last link of the journal's chain. */
  outputBytes: count,
  outputSegments: count,
  inputBytes: count,
  inputSegments: count,
  textSegments: count,
  anchors: count,
  frames: count,
  chain: digestSchema,
  at: z.string(),
  kind: endKindSchema,
  /** In words: endReasonText. */
  reason: z.string(),
});
export type EndLine = z.infer<typeof endLineSchema>;

/** A manifest whose every line was understood and whose chain holds. `end` is null while a session runs and for ever after a crash. */
export interface Manifest {
  version: typeof manifestVersion;
  text: string;
  header: ManifestHeader;
  segments: SegmentLine[];
  anchors: AnchorLine[];
  receipts: ReceiptLine[];
  end: EndLine | null;
  /** Number of lines, and for each n from 0 the digest of the first n lines: what receipts name. */
  lines: number;
  heads: string[];
}
