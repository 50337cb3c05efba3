import { z } from 'zod';
import { problemSchema } from '../errors/result.ts';
import { partKindSchema } from '../model/recording.ts';
import { endReasonSchema, evidenceLevelSchema, sessionStateSchema } from '../model/session.ts';
import { signedSchema } from './signed.ts';

/**
 * Between the process that owns sessions (main in the launcher, the lab under plain Node) and one session process. In Electron these travel
 * on `process.parentPort`, and the renderer's MessagePort comes with the message `{type: 'port'}`; under plain Node they travel on the fork's IPC channel, and
 * session-port messages travel inside `screen` envelopes.
 */
export const ownerToSessionSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('start'),
    /** Folder of this session in the spool; the process creates its files in it. */
    folder: z.string(),
    grant: signedSchema,
    lease: signedSchema,
    serverKey: z.string(),
    sessionKeyCertificate: z.string(),
    /** OpenSSH line of the device key. */
    deviceKey: z.string(),
    /** For `relay`: wss URL, the one-use DPoP proof and the PEM of the pinned authority. */
    relay: z.object({ url: z.string(), proof: z.string(), trustRoot: z.string() }).nullable(),
    terminal: z.object({ cols: z.number().int(), rows: z.number().int(), term: z.string() }),
    software: z.string(),
  }),
  z.object({ type: z.literal('port') }),
  z.object({ type: z.literal('lease'), lease: signedSchema }),
  z.object({ type: z.literal('kill'), orderId: z.string(), order: signedSchema }),
  z.object({ type: z.literal('disconnect'), by: z.enum(['person', 'quit', 'revoked']) }),
  /** A receipt for this session's manifest, as the server signed it: it becomes a line of the manifest. */
  z.object({ type: z.literal('receipt'), receipt: signedSchema }),
  /** After a resume from suspend: the lease is void until a new one comes. */
  z.object({ type: z.literal('resumed') }),
  z.object({
    type: z.literal('login-signature-answer'),
    id: z.number().int(),
    signature: z.string().nullable(),
    problem: problemSchema.nullable(),
  }),
  /** `sealed`: an age file (base64) whose plaintext is the password, encrypted to the recipient that was named. */
  z.object({
    type: z.literal('sealed-password-answer'),
    id: z.number().int(),
    sealed: z.string().nullable(),
    problem: problemSchema.nullable(),
  }),
  /** Plain Node only: a session-port message from the screen. */
  z.object({ type: z.literal('screen'), message: z.unknown() }),
]);
export type OwnerToSession = z.infer<typeof ownerToSessionSchema>;

export const sessionToOwnerSchema = z.discriminatedUnion('type', [
  /** First message: the public half of the ed25519 key made in this process (OpenSSH line). */
  z.object({ type: z.literal('ready'), sessionKey: z.string() }),
  z.object({ type: z.literal('state'), state: sessionStateSchema }),
  z.object({
    type: z.literal('login-signature'),
    id: z.number().int(),
    sshSessionId: z.string(),
    hostKey: z.string(),
    hostSignature: z.string(),
    toSign: z.string(),
  }),
  /** Asks for the password of a `sealed-password` grant, after the target has proved its host key. `recipientSignature`: SSHSIG by the session key. */
  z.object({
    type: z.literal('sealed-password'),
    id: z.number().int(),
    sshSessionId: z.string(),
    hostKey: z.string(),
    hostSignature: z.string(),
    recipient: z.string(),
    recipientSignature: z.string(),
  }),
  /** After every journal sync, at most once per 250 ms. */
  z.object({
    type: z.literal('head'),
    outputBytes: z.number().int(),
    inputBytes: z.number().int(),
    frames: z.number().int(),
    chain: z.string(),
    syncedAt: z.string(),
  }),
  z.object({ type: z.literal('sealed'), stream: partKindSchema, seq: z.number().int(), bytes: z.number().int() }),
  /** What stands behind the record by now; said again when it changes, and with every anchor. */
  z.object({ type: z.literal('evidence'), level: evidenceLevelSchema, anchors: z.number().int() }),
  /** The record could not go on and, by policy, the session does. */
  z.object({ type: z.literal('recording-stopped'), problem: problemSchema }),
  /** The SSH socket is closed because of an order; sent before the record is sealed. */
  z.object({ type: z.literal('socket-closed'), orderId: z.string().nullable(), at: z.string(), closedMs: z.number() }),
  /** Last message; an exit without it is a crash. `complete`: the manifest has its signed end. */
  z.object({ type: z.literal('ended'), reason: endReasonSchema, complete: z.boolean() }),
  z.object({ type: z.literal('screen'), message: z.unknown() }),
]);
export type SessionToOwner = z.infer<typeof sessionToOwnerSchema>;
