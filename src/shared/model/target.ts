import { z } from 'zod';
import { routeKindSchema } from './session.ts';

/**
 * How a login is made. `certificate`: signed by the broker. `password`: the broker logs in with the vaulted password and hands the connection over.
 * With both nothing reaches the endpoint. `sealed-password`: the exception by policy, labelled "reaches the endpoint" wherever it is shown.
 */
export const loginKindSchema = z.enum(['certificate', 'password', 'sealed-password']);
export type LoginKind = z.infer<typeof loginKindSchema>;

export const loginViewSchema = z.object({
  name: z.string(),
  isDefault: z.boolean(),
  credential: loginKindSchema,
  /** An approval is missing: a connect is refused until an access request is approved. Absent where none is. */
  needsApproval: z.literal(true).optional(),
});

/** A target as the person who asks may see it. */
export const targetViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  /** host:port */
  address: z.string(),
  labels: z.record(z.string(), z.string()),
  production: z.boolean(),
  owner: z.string().nullable(),
  route: routeKindSchema,
  logins: z.array(loginViewSchema),
  /** What a connect asks for; an empty list is a quiet tick. `approval`: every login needs one that is missing. */
  needs: z.array(z.enum(['approval', 'reason', 'ticket'])),
  /** SHA256:... fingerprints of the expected host keys. */
  hostKeyFingerprints: z.array(z.string()),
  /** The ids of the policies that let this person connect. */
  grantedBy: z.array(z.string()),
  lastUsedAt: z.string().nullable(),
  /** Set while this person is locked out of this target. */
  lock: z.object({ id: z.string(), by: z.string(), reason: z.string(), at: z.string() }).nullable(),
  /** The last failed try to reach it by the relay, if the most recent try failed. */
  unreachable: z.object({ since: z.string(), message: z.string(), code: z.string() }).nullable(),
});
export type TargetView = z.infer<typeof targetViewSchema>;
