import { z } from 'zod';
import { streamSchema } from '../model/recording.ts';
import { endReasonSchema, evidenceLevelSchema, routeKindSchema } from '../model/session.ts';
import { closeReasons } from './segments.ts';

/**
 * The manifest as data, version 0. Its text is one line per fact (manifest-lines.ts). Digests are lower-case hex SHA-256. Times are ISO 8601
 * UTC or milliseconds since the start of the recording.
 */
export const manifestVersion = 0;
export const manifestFile = 'manifest';
export const manifestSignatureFile = 'manifest.sig';

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
  route: routeKindSchema,
  reason: z.string().nullable(),
  ticket: z.string().nullable(),
  /** SHA256:... fingerprints the grant allows; the session ends before login at any other. */
  'host-keys': z.array(z.string()),
  started: z.string(),
  /** The machine's monotonic clock at the start, in milliseconds. */
  'monotonic-ms': z.number(),
  terminal: z.object({ cols: z.number().int(), rows: z.number().int(), term: z.string() }),
  /** Terminal engine, its version and width table: what a viewer must use to see the same screen. */
  engine: z.object({ name: z.string(), version: z.string(), widths: z.string() }),
  software: z.string(),
  codec: z.object({ events: z.literal('asciicast-3'), compression: z.literal('zstd'), encryption: z.literal('age') }),
  evidence: evidenceLevelSchema,
  recipients: z.object({ output: z.array(z.string()).min(1), input: z.array(z.string()).min(1) }),
  /** SHA-256 of the journal's header line: the first link of its chain. */
  journal: digestSchema,
});
export type ManifestHeader = z.infer<typeof manifestHeaderSchema>;

export const terminalEngine = { name: 'xterm.js', version: '6.0.0', widths: 'unicode-11' } as const;

/** `previous` of a line: the digest of the whole manifest before that line, every line with its line feed. */
export const segmentLineSchema = z.object({
  stream: streamSchema,
  seq: count,
  file: z.string(),
  /** Digest and size of the file as stored (sealed). There is no digest of plaintext. */
  sha256: digestSchema,
  bytes: count,
  /** Times of its first and last event; both 0 when there is none. */
  t0: count,
  t1: count,
  events: z.object({ o: count, i: count, r: count, m: count, x: count }).partial(),
  /** Frames of this stream's journal that this segment and those before it cover: the journal goes on from there. */
  frames: count,
  previous: digestSchema,
  why: z.enum(closeReasons),
});
export type SegmentLine = z.infer<typeof segmentLineSchema>;

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
  end: EndLine | null;
  /** Number of lines, and for each n from 0 the digest of the first n lines: what receipts name. */
  lines: number;
  heads: string[];
}
