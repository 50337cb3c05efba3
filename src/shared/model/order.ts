import { z } from 'zod';

/**
 * The life of a kill order (architecture.md): requested -> sent -> received -> socket-closed -> confirmed. `wire-cut` times are the relay's
 * and stand beside the launcher's: "wire cut, launcher silent" is `relayClosedAt` set while state is not `confirmed`.
 */
export const orderStateSchema = z.enum(['requested', 'sent', 'received', 'socket-closed', 'confirmed']);
export type OrderState = z.infer<typeof orderStateSchema>;

/** Times are ISO 8601 UTC with milliseconds. `client` ones are the launcher's clock, the others the server's. */
export const orderViewSchema = z.object({
  id: z.string(),
  sessionId: z.string(),
  kind: z.enum(['kill']),
  reason: z.string(),
  by: z.object({ id: z.string(), name: z.string(), role: z.string() }),
  state: orderStateSchema,
  requestedAt: z.string(),
  sentAt: z.string().nullable(),
  receivedAt: z.string().nullable(),
  socketClosedAtClient: z.string().nullable(),
  confirmedAt: z.string().nullable(),
  relayClosedAt: z.string().nullable(),
  /** Milliseconds from the order's acceptance to the relay's TCP socket to the target being closed, on the server's monotonic clock. */
  relayClosedMs: z.number().nullable(),
  /** Milliseconds from the launcher receiving the order to its socket being closed, on the launcher's monotonic clock. */
  launcherClosedMs: z.number().nullable(),
  survivors: z.enum(['none', 'unknown']),
  lockId: z.string(),
});
export type OrderView = z.infer<typeof orderViewSchema>;
