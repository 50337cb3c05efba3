import { z } from 'zod';
import { problemSchema } from '../errors/result.ts';
import { evidenceLevelSchema, sessionStateSchema } from '../model/session.ts';
import { loginKindSchema } from '../model/target.ts';

/**
 * Between a session process and its terminal in the renderer, on a MessagePort. Bytes are cloned, never transferred: a transferred ArrayBuffer is
 * lost between a renderer and a utility process. Every output chunk carries the end offset of its stream, the screen acknowledges offsets
 * that it has drawn, and the session stops reading from the target above `highWater` unacknowledged bytes until it falls below `lowWater`.
 */
export const highWater = 1_048_576;
export const lowWater = 262_144;
export const maxInputChunk = 65_536;

const bytes = z.instanceof(Uint8Array);

export const sessionToScreenSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('output'), data: bytes, end: z.number().int() }),
  z.object({ type: z.literal('state'), state: sessionStateSchema }),
  /** What is in the journal (synced to disk) and what is sealed. */
  z.object({ type: z.literal('record'), writtenBytes: z.number(), syncedAtMs: z.number(), sealedSegments: z.number() }),
  /** What stands behind the record by now. `anchors`: how many exchanges the target's host key has signed for it. */
  z.object({ type: z.literal('evidence'), level: evidenceLevelSchema, anchors: z.number().int() }),
  /** The record could not go on; by policy the session does. From `atMs` on (wall clock) nothing of it is recorded. */
  z.object({ type: z.literal('recording-stopped'), problem: problemSchema, atMs: z.number() }),
  /** Seconds left by the grant's time limit. */
  z.object({
    type: z.literal('opened'),
    target: z.string(),
    login: z.string(),
    hostKey: z.string(),
    cipher: z.string(),
    kex: z.string(),
    loggedInBy: loginKindSchema,
    endsAtMs: z.number(),
  }),
  z.object({ type: z.literal('problem'), problem: problemSchema }),
]);
export type SessionToScreen = z.infer<typeof sessionToScreenSchema>;

export const screenToSessionSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('input'), data: bytes }),
  /** Clamped by the session to 1..1000 x 1..500 and recorded as clamped. */
  z.object({ type: z.literal('resize'), cols: z.number(), rows: z.number() }),
  z.object({ type: z.literal('drawn'), end: z.number().int().nonnegative() }),
  z.object({ type: z.literal('disconnect') }),
]);
export type ScreenToSession = z.infer<typeof screenToSessionSchema>;
