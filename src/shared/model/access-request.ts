import { z } from 'zod';

/**
 * The life of an access request: open -> approved -> (expired | revoked), or open -> (denied | revoked | expired). `revoked` of an open one is its
 * person's withdrawal.
 */
export const accessRequestStateSchema = z.enum(['open', 'approved', 'denied', 'revoked', 'expired']);
export type AccessRequestState = z.infer<typeof accessRequestStateSchema>;

const person = z.object({ id: z.string(), name: z.string() });

/** What someone did to a request; `reason` is shown to its person. */
const deed = z.object({ by: person, at: z.string(), reason: z.string() });

/** Times are ISO 8601 UTC by the server's clock. */
export const accessRequestViewSchema = z.object({
  id: z.string(),
  user: person,
  target: person,
  login: z.string(),
  /** What was asked for. */
  seconds: z.number().int().positive(),
  reason: z.string(),
  ticket: z.string().nullable(),
  state: accessRequestStateSchema,
  requestedAt: z.string(),
  /** When an open request lapses undecided. */
  lapsesAt: z.string(),
  decided: deed.nullable(),
  /** The time that was granted, which may be less than what was asked for, and when it ends; null when nothing was. */
  grant: z.object({ seconds: z.number().int().positive(), endsAt: z.string() }).nullable(),
  revoked: deed.nullable(),
  /** Whether the asking person may decide or revoke it. */
  mayDecide: z.boolean(),
});
export type AccessRequestView = z.infer<typeof accessRequestViewSchema>;
