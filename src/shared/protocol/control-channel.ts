import { z } from 'zod';
import { problemSchema } from '../errors/result.ts';
import { endReasonSchema } from '../model/session.ts';
import { signedSchema } from './signed.ts';

/**
 * The control channel: WebSocket `/v1/control`, one per launcher, JSON text frames. Orders have ids and are re-sent after every reconnect
 * until `order-done`. Either side pings with `heartbeat` every `heartbeatMs`; silence for `silenceMs` means the link is dead.
 * The launcher's binary frames are pieces of journals (journal-frames.ts), resumed by acknowledged offset.
 */
export const heartbeatMs = 3000;
export const silenceMs = 8000;

export const controlToLauncherSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), serverTime: z.string() }),
  z.object({ type: z.literal('heartbeat') }),
  /** payload: leasePayloadSchema, namespace lease@sallyport */
  z.object({ type: z.literal('lease'), sessionId: z.string(), lease: signedSchema }),
  /** payload: orderPayloadSchema, namespace order@sallyport */
  z.object({ type: z.literal('kill'), sessionId: z.string(), orderId: z.string(), order: signedSchema }),
  /** What this person may see has changed: ask for targets, recordings or me again. */
  z.object({ type: z.literal('changed'), what: z.array(z.enum(['targets', 'recordings', 'sessions', 'me'])) }),
  z.object({ type: z.literal('revoked'), problem: problemSchema }),
  /**
   * All of that session's journal before `offset` (bytes of the file) is kept by the server, or covered by stored segments. Also the answer to
   * `journal-position`. Nothing is sent again below it.
   */
  z.object({ type: z.literal('frames-acknowledged'), sessionId: z.string(), offset: z.number().int().nonnegative() }),
]);
export type ControlToLauncher = z.infer<typeof controlToLauncherSchema>;

export const launcherToControlSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), version: z.string(), sessions: z.array(z.string()) }),
  z.object({ type: z.literal('heartbeat') }),
  z.object({ type: z.literal('session-opened'), sessionId: z.string(), at: z.string() }),
  z.object({ type: z.literal('session-ended'), sessionId: z.string(), at: z.string(), reason: endReasonSchema }),
  /** What the journal holds, about every second while a session runs: leases are renewed only while this is fresh. */
  z.object({
    type: z.literal('recording-head'),
    sessionId: z.string(),
    outputBytes: z.number().int(),
    inputBytes: z.number().int(),
    frames: z.number().int(),
    chain: z.string(),
  }),
  /** Asks how far the server has that journal: after every reconnect, before pieces of it are sent. */
  z.object({ type: z.literal('journal-position'), sessionId: z.string() }),
  z.object({ type: z.literal('order-received'), orderId: z.string(), at: z.string() }),
  /** `closedMs`: from receipt to the SSH socket closed, on the launcher's monotonic clock. */
  z.object({
    type: z.literal('order-done'),
    orderId: z.string(),
    socketClosedAt: z.string(),
    closedMs: z.number(),
    survivors: z.enum(['none', 'unknown']),
  }),
]);
export type LauncherToControl = z.infer<typeof launcherToControlSchema>;

/** Close codes of the relay and control WebSockets (4000-4999 are private use, RFC 6455 section 7.4.2). */
export const closeCodes = {
  killed: 4001,
  leaseExpired: 4002,
  /** The relay does not serve this session; the reason begins with the code, e.g. "SP-2003 locked out of this target". */
  refused: 4003,
  targetUnreachable: 4104,
  cipherRefused: 4032,
  revoked: 4005,
  superseded: 4006,
  /** The access under which the session was opened was revoked, or its time is over. */
  accessOver: 4007,
  malformed: 4900,
  ended: 4000,
} as const;
