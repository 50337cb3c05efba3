import { z } from 'zod';

/** Why nothing passes any more. */
export const endsOfWire = ['by-launcher', 'lease-expired', 'process-gone', 'access-over'] as const;
export type EndOfWire = (typeof endsOfWire)[number];

/**
 * What control processes tell each other. Small (PostgreSQL's NOTIFY carries under 8,000 bytes), and always after the fact: the change is in the
 * database already, so a process that missed a message finds it there (live/watch.ts).
 */
export const topics = {
  /** A new order to carry out: the process with the wire cuts it, the one with the launcher tells it. */
  'order-issued': z.object({ orderId: z.string(), sessionId: z.string() }),
  /** The state of an order moved on, for those who wait. */
  'order-changed': z.object({ orderId: z.string() }),
  /** A kill that could not be stored: nothing renews the session, and its wire is cut. */
  'session-cut': z.object({ sessionId: z.string() }),
  'session-ended': z.object({ sessionId: z.string(), how: z.enum(endsOfWire) }),
  /** A device opened a control channel; one with a smaller number is superseded. */
  'channel-opened': z.object({ deviceId: z.string(), number: z.number().int() }),
  /** Its key is known from now on: what claims it is not a stranger's. */
  'device-enrolled': z.object({ id: z.string(), thumbprint: z.string() }),
  'devices-revoked': z.object({ deviceIds: z.array(z.string()), because: z.string() }),
  /** Nothing crosses a session's connection any more, and the last head of its wire is in the database. */
  'wire-closed': z.object({ sessionId: z.string() }),
  /** A wire is in the store of recordings. */
  'wire-stored': z.object({ sessionId: z.string() }),
  /** An access request was revoked: what was opened under it ends. */
  'access-ended': z.object({ requestId: z.string() }),
  /** People, targets or policies changed. */
  applied: z.object({ version: z.number().int() }),
  /** Launchers should ask again: all, or those of one person. */
  changed: z.object({
    what: z.array(z.enum(['targets', 'recordings', 'sessions', 'me'])),
    userId: z.string().nullable(),
  }),
};

export type Topic = keyof typeof topics;
export type TopicMessage<T extends Topic> = z.output<(typeof topics)[T]>;

/** The envelope of one NOTIFY. `from`: the sender's process id, which ignores its own echo. */
export const noticeSchema = z.object({ from: z.string(), topic: z.string(), message: z.unknown() });

export function isTopic(text: string): text is Topic {
  return Object.hasOwn(topics, text);
}
