import { z } from 'zod';
import { evidenceLevelSchema, routeKindSchema } from './session.ts';
import { loginKindSchema } from './target.ts';

export const streamSchema = z.enum(['output', 'input']);
export type Stream = z.infer<typeof streamSchema>;

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
      stream: streamSchema,
      seq: z.number().int(),
      bytes: z.number(),
      sha256: z.string(),
      storedAt: z.string(),
    }),
  ),
  bytes: z.number(),
  /** An uploaded journal of a crashed session, if any. */
  journal: z.object({ bytes: z.number(), storedAt: z.string() }).nullable(),
  /** The streams that the asking person may unlock. */
  mayUnlock: z.array(streamSchema),
});
export type RecordingView = z.infer<typeof recordingViewSchema>;
