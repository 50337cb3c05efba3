import { z } from 'zod';
import { recordModeSchema } from '../model/session.ts';
import type { LoginKind } from '../model/target.ts';
import { wireHeadSchema } from '../record/wire.ts';

/**
 * A signed document: the exact text that was signed and an armoured OpenSSH signature (PROTOCOL.sshsig). One namespace per purpose, so
 * that a signature made for one thing is worth nothing for another. The receiver verifies over `payload` as it stands and only then parses it.
 */
export const signedSchema = z.object({ payload: z.string().max(65_536), signature: z.string().max(8192) });
export type Signed = z.infer<typeof signedSchema>;

export const namespaces = {
  grant: 'grant@sallyport',
  lease: 'lease@sallyport',
  order: 'order@sallyport',
  receipt: 'receipt@sallyport',
  /** The session process's signature of a manifest. */
  recording: 'recording@sallyport',
  /** The device key's certificate of a session signing key. */
  sessionKey: 'session-key@sallyport',
  /** What the broker tells the launcher of the connection that it hands over. */
  handover: 'handover@sallyport',
  /** The session key's certificate of the age recipient that a password may be sealed to. */
  recipient: 'recipient@sallyport',
} as const;
export type Namespace = (typeof namespaces)[keyof typeof namespaces];

/** The text a device key signs (namespace session-key@sallyport) to certify a session signing key. */
export function sessionKeyStatement(facts: { deviceId: string; sessionKey: string }): string {
  return `sallyport session key, version 1\ndevice ${facts.deviceId}\nkey ${facts.sessionKey}\n`;
}

const base64 = z.base64();

/** How the login is made. Nothing in here is secret. */
export const grantCredentialSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('certificate'),
    /** e.g. ssh-ed25519-cert-v01@openssh.com */
    algorithm: z.string(),
    /** The certificate blob (PROTOCOL.certkeys). Public; its private key never leaves the broker. */
    certificate: base64,
  }),
  /** The broker logs in with the vaulted password through the relay and hands the connection over by a key re-exchange. */
  z.object({ kind: z.literal('handover') }),
  /**
   * The exception by policy: once the target has proved its host key, the session process gets the password sealed to a key of its own and answers
   * one prompt with it. `prompt`: the regular expression (no flags but `i`) that a keyboard-interactive prompt must match.
   */
  z.object({ kind: z.literal('sealed-password'), prompt: z.string().max(200) }),
]);
export type GrantCredential = z.infer<typeof grantCredentialSchema>;

/** The same in the words of targets, sessions and recordings. */
export function loginKindOf(credential: GrantCredential): LoginKind {
  return credential.kind === 'handover' ? 'password' : credential.kind;
}

/** Payload of a signed grant. Everything that loosens is in here: who, where to, which host keys, which recipients, how long. */
export const grantPayloadSchema = z.object({
  version: z.literal(1),
  sessionId: z.uuid(),
  serverNonce: z.string(),
  issuedAt: z.string(),
  organisation: z.string(),
  user: z.object({ id: z.string(), name: z.string() }),
  device: z.object({ id: z.string(), name: z.string() }),
  target: z.object({
    id: z.string(),
    name: z.string(),
    host: z.string(),
    port: z.number().int(),
    production: z.boolean(),
  }),
  login: z.string(),
  /** Run instead of a shell, on a terminal all the same; null for a shell. */
  command: z.string().max(4096).nullable(),
  reason: z.string().nullable(),
  ticket: z.string().nullable(),
  route: z.enum(['relay', 'direct']),
  /** Expected host keys: OpenSSH one-line public keys without comment. Any other is a hard stop before login. */
  hostKeys: z.array(z.string()).min(1),
  /** age recipients per stream: the recording's own, then the organisation's break-glass. */
  recipients: z.object({
    output: z.array(z.string()).min(1),
    input: z.array(z.string()).min(1),
    text: z.array(z.string()).min(1),
  }),
  credential: grantCredentialSchema,
  /** The session signing key this grant is bound to (OpenSSH line). */
  sessionKey: z.string(),
  limits: z.object({ maxSeconds: z.number().int().positive(), idleSeconds: z.number().int().positive().nullable() }),
  recordMode: recordModeSchema,
  /** Whether anchors are to be made, and whether the relay keeps the wire. */
  evidence: z.object({ anchors: z.boolean(), wire: z.boolean() }),
});
export type GrantPayload = z.infer<typeof grantPayloadSchema>;

/** Payload of a signed lease. The holder counts `durationMs` on its own monotonic clock from the moment of receipt. */
export const leasePayloadSchema = z.object({
  version: z.literal(1),
  sessionId: z.uuid(),
  seq: z.number().int().nonnegative(),
  issuedAt: z.string(),
  durationMs: z.number().int().positive(),
});
export type LeasePayload = z.infer<typeof leasePayloadSchema>;

/** Time between the end of a lease and the end of its session, in milliseconds. */
export const leaseGraceMs = 5000;

/** Payload of a signed order. */
export const orderPayloadSchema = z.object({
  version: z.literal(1),
  orderId: z.uuid(),
  sessionId: z.uuid(),
  kind: z.enum(['kill']),
  reason: z.string(),
  by: z.object({ id: z.string(), name: z.string(), role: z.string() }),
  requestedAt: z.string(),
  lock: z.object({ id: z.string(), targetName: z.string() }),
});
export type OrderPayload = z.infer<typeof orderPayloadSchema>;

/** Payload of a signed receipt: what the server has stored and checked. */
export const receiptPayloadSchema = z.object({
  version: z.literal(1),
  sessionId: z.uuid(),
  /** Number of manifest lines the receipt covers and the SHA-256 of exactly those lines (with their newlines), in hex. */
  lines: z.number().int(),
  head: z.string(),
  segments: z.number().int(),
  bytes: z.number().int(),
  ended: z.boolean(),
  /** How far the relay has kept the wire; null when it keeps none. Said before any secret that opens it is given out: commit before reveal. */
  wire: wireHeadSchema.nullable(),
  at: z.string(),
});
export type ReceiptPayload = z.infer<typeof receiptPayloadSchema>;

/**
 * Payload of the first frame of a relay connection whose grant says `handover`: a text frame, signed by the server. After it come binary frames, SSH
 * from the key re-exchange on (protocol.md, "Passwords: login and handover").
 */
export const handoverPayloadSchema = z.object({
  version: z.literal(1),
  sessionId: z.uuid(),
  /** H of the broker's first key exchange with the target: the SSH session id for the life of the connection. */
  sshSessionId: base64,
  /** Both identification strings without CR LF (RFC 4253 section 4.2), as they went over this connection. */
  clientIdent: z.string().max(255),
  serverIdent: z.string().max(255),
  /** K_S of the first exchange, one of the grant's host keys. */
  hostKey: base64,
  /** What the target said to the broker before the login (SSH_MSG_USERAUTH_BANNER), as it said it: the target's words, to be shown as such. */
  banner: z.string().max(16_384),
});
export type HandoverPayload = z.infer<typeof handoverPayloadSchema>;

/** The text a session key signs (namespace recipient@sallyport) so that a password is sealed to its own process only. */
export function recipientStatement(facts: { sessionId: string; recipient: string }): string {
  return `sallyport password recipient, version 1\nsession ${facts.sessionId}\nrecipient ${facts.recipient}\n`;
}
