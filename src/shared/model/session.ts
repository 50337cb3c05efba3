import { z } from 'zod';
import { problemSchema } from '../errors/result.ts';

/** Why a session ended: a closed union (architecture.md, state machines). */
export const endReasonSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exit'), status: z.number().int().nullable(), signal: z.string().nullable() }),
  z.object({ kind: z.literal('disconnected'), by: z.enum(['person', 'target', 'network', 'quit', 'revoked']) }),
  z.object({
    kind: z.literal('killed'),
    orderId: z.string(),
    by: z.string(),
    byRole: z.string(),
    reason: z.string(),
    at: z.string(),
  }),
  z.object({ kind: z.literal('lease-expired') }),
  z.object({ kind: z.literal('idle') }),
  z.object({ kind: z.literal('time-limit') }),
  z.object({ kind: z.literal('recorder-failed'), problem: problemSchema }),
  z.object({ kind: z.literal('host-key-mismatch'), problem: problemSchema }),
  z.object({ kind: z.literal('auth-failed'), problem: problemSchema }),
  z.object({ kind: z.literal('connect-failed'), problem: problemSchema }),
  z.object({ kind: z.literal('process-crashed'), problem: problemSchema }),
]);
export type EndReason = z.infer<typeof endReasonSchema>;

/** The states of a session. `frozen` holds input; nothing typed is sent. */
export const sessionStateSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('requested') }),
  z.object({ state: z.literal('authorised') }),
  z.object({ state: z.literal('connecting'), step: z.enum(['reaching', 'host-key', 'login', 'shell']) }),
  z.object({ state: z.literal('open') }),
  z.object({ state: z.literal('frozen'), why: z.enum(['lease', 'order']), endsAtMs: z.number().nullable() }),
  z.object({ state: z.literal('closing') }),
  z.object({ state: z.literal('ended'), reason: endReasonSchema }),
]);
export type SessionState = z.infer<typeof sessionStateSchema>;

/** How the launcher reaches the target. `direct` is labelled "best effort" everywhere: the relay cannot cut it. */
export const routeKindSchema = z.enum(['relay', 'direct']);
export type RouteKind = z.infer<typeof routeKindSchema>;

/** Level of evidence (docs/recording-format.md, Evidence): what stands behind a record beside its recorder. */
export const evidenceLevelSchema = z.enum(['anchored-with-wire', 'anchored', 'wire-only', 'recorder-only']);
export type EvidenceLevel = z.infer<typeof evidenceLevelSchema>;

/** The level that kept anchors and a kept wire make. */
export function evidenceLevelOf(has: { anchors: boolean; wire: boolean }): EvidenceLevel {
  if (has.anchors) return has.wire ? 'anchored-with-wire' : 'anchored';
  return has.wire ? 'wire-only' : 'recorder-only';
}

/**
 * What happens when the record of a running session cannot be written: `strict` stops the session, `best-effort` lets it go on unrecorded and says so to everyone. A session that
 * cannot begin its record never opens, in either mode.
 */
export const recordModeSchema = z.enum(['strict', 'best-effort']);
export type RecordMode = z.infer<typeof recordModeSchema>;
