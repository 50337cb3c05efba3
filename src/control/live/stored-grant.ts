import { z } from 'zod';
import { type GrantPayload, grantPayloadSchema } from '../../shared/protocol/signed.ts';

/**
 * A grant of version 0, from before recordings had a text stream, anchors and a kept wire. The database of a server that gave such grants still has them: they are
 * read for what they say about who was where, and never signed or handed out again.
 */
const version0 = z.object({
  ...grantPayloadSchema.shape,
  version: z.literal(0),
  command: z.undefined().optional(),
  recipients: grantPayloadSchema.shape.recipients.omit({ text: true }),
  evidence: z.undefined().optional(),
});

/** The facts of a stored grant, of either version, in today's shape. Ours, so its shape is not in doubt: throws ZodError when it is all the same. */
export function readStoredGrant(payload: string): GrantPayload {
  const value: unknown = JSON.parse(payload);
  const old = version0.safeParse(value);
  if (!old.success) return grantPayloadSchema.parse(value);
  const { recipients, ...facts } = old.data;
  return {
    ...facts,
    version: 1,
    command: null,
    recipients: { ...recipients, text: recipients.output },
    evidence: { anchors: false, wire: false },
  };
}
