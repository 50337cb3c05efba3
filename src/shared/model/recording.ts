import { z } from 'zod';
import { reviewStateSchema } from './review.ts';
import { evidenceLevelSchema, routeKindSchema } from './session.ts';
import { loginKindSchema } from './target.ts';

/** The two streams of a recording. */
export const streamSchema = z.enum(['output', 'input']);
export type Stream = z.infer<typeof streamSchema>;

/** What has a key, and readers, of its own: the streams, and the text sidecar that search reads. */
export const keyedStreamSchema = z.enum(['output', 'input', 'text']);
export type KeyedStream = z.infer<typeof keyedStreamSchema>;

/** The kinds of files of a recording that are stored one by one, each with numbers from 0 (shared/record/segments.ts names them). */
export const partKindSchema = z.enum(['output', 'input', 'text', 'anchor']);
export type PartKind = z.infer<typeof partKindSchema>;

/**
 * State of a recording in the central store. `incomplete` always has `because`. A session that was registered but of which nothing arrived
 * is visible as `started`.
 */
export const recordingViewSchema = z.object({
  sessionId: z.string(),
  user: z.object({ id: z.string(), name: z.string() }),
  device: z.object({ id: z.string(), name: z.string() }),
  target: z.object({ id: z.string(), name: z.string(), address: z.string(), production: z.boolean() }),
  login: z.string(),
  /** How the login was made. */
  credential: loginKindSchema,
  route: routeKindSchema,
  reason: z.string().nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  durationMs: z.number().nullable(),
  state: z.enum(['started', 'receiving', 'complete', 'incomplete']),
  /** Why it is incomplete, in words; null otherwise. */
  because: z.string().nullable(),
  /** The text of the end reason as in the manifest's end line, e.g. "exit 0", "killed by Mira Okafor: ..." */
  endReason: z.string().nullable(),
  killedBy: z.string().nullable(),
  evidence: evidenceLevelSchema,
  segments: z.array(
    z.object({
      stream: partKindSchema,
      seq: z.number().int(),
      bytes: z.number(),
      sha256: z.string(),
      storedAt: z.string(),
    }),
  ),
  bytes: z.number(),
  /** The relay's own record of what crossed; null when none was to be kept. `releasedAt`: when its time was over and it was deleted. */
  wire: z
    .object({
      bytesToTarget: z.number(),
      bytesFromTarget: z.number(),
      open: z.boolean(),
      releasedAt: z.string().nullable(),
    })
    .nullable(),
  /** An uploaded journal of a crashed session, if any. */
  journal: z.object({ bytes: z.number(), storedAt: z.string() }).nullable(),
  /** The streams that the asking person may unlock. */
  mayUnlock: z.array(keyedStreamSchema),
  review: reviewStateSchema,
});
export type RecordingView = z.infer<typeof recordingViewSchema>;
