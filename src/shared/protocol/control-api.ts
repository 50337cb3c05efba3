import { z } from 'zod';
import { problemSchema } from '../errors/result.ts';
import { orderViewSchema } from '../model/order.ts';
import { keyedStreamSchema, partKindSchema, recordingViewSchema } from '../model/recording.ts';
import { recordModeSchema } from '../model/session.ts';
import { loginKindSchema, targetViewSchema } from '../model/target.ts';
import { manifestBytesAtMost } from '../record/manifest.ts';
import { wireDirections } from '../record/wire.ts';
import { accessApi } from './access-api.ts';
import { recordingsQuerySchema, reviewApi } from './review-api.ts';
import { signedSchema } from './signed.ts';

/**
 * The HTTP API, version 1: one table, used by the server (validation, OpenAPI) and by every client. Binary bodies (segments, journals) are
 * `application/octet-stream` and have no body schema. Errors are RFC 9457 problem documents: `problemDocumentSchema`.
 *
 * `auth`: `none`; `device` = DPoP proof of an enrolled device, or the local socket with a named actor; `local` = the local socket only.
 */
const id = z.string().min(1).max(200);
const base64 = z.base64();

/** RFC 9457, with our stable `code` beside the standard members. */
export const problemDocumentSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: problemSchema.shape.code,
  detail: z.string(),
  facts: problemSchema.shape.facts,
});
export type ProblemDocument = z.infer<typeof problemDocumentSchema>;

export const roleSchema = z.enum(['operator', 'vendor', 'approver', 'help-desk', 'analyst', 'auditor', 'engineer']);
export type Role = z.infer<typeof roleSchema>;

export const meSchema = z.object({
  user: z.object({ id, name: z.string(), roles: z.array(roleSchema) }),
  device: z.object({ id, name: z.string() }).nullable(),
  organisation: z.string(),
  /** What policy fixes on this client. */
  policy: z.object({
    deviceKey: z.enum(['keyring', 'file']),
    recordMode: recordModeSchema,
    /** The spool on this device: how much of the disk recordings that wait may take, and how long what is stored centrally stays here too. */
    spool: z.object({ quotaBytes: z.number().int().positive(), keepStoredHours: z.number().int().nonnegative() }),
    clipboard: z.enum(['allowed', 'denied']),
  }),
  /** Which views this person has. */
  views: z.array(z.enum(['targets', 'sessions', 'history', 'recordings', 'live'])),
});
export type Me = z.infer<typeof meSchema>;

export const jwkSchema = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string() });

export const liveSessionSchema = z.object({
  sessionId: z.string(),
  user: z.object({ id, name: z.string() }),
  target: z.object({ id, name: z.string() }),
  login: z.string(),
  route: z.enum(['relay', 'direct']),
  startedAt: z.string(),
  state: z.enum(['authorised', 'open', 'ended']),
  /** Bytes of output the launcher says are in its journal, and the age of that statement. */
  head: z.object({ outputBytes: z.number(), inputBytes: z.number(), at: z.string() }).nullable(),
});
export type LiveSession = z.infer<typeof liveSessionSchema>;

export const lockSchema = z.object({
  id,
  user: z.object({ id, name: z.string() }),
  target: z.object({ id, name: z.string() }),
  reason: z.string(),
  by: z.string(),
  at: z.string(),
});
export type Lock = z.infer<typeof lockSchema>;

export const auditEventSchema = z.object({
  id: z.number().int(),
  at: z.string(),
  /** Dotted name from the one list in src/control/audit/events.ts */
  event: z.string(),
  actor: z.string(),
  subject: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditEvent = z.infer<typeof auditEventSchema>;

const wireKeepSchema = z.enum(['full', 'sampled', 'off']);

/** How sessions are recorded, for the whole organisation. A target may say otherwise (`targetRecordingSchema`). */
export const recordingRulesSchema = z.strictObject({
  mode: recordModeSchema.default('strict'),
  /** Whether the target's host key is asked to sign for the record. */
  anchors: z.boolean().default(true),
  /** Whether what could be read on the screens is kept readable on the server, for search. `off`: nothing is, and what was is deleted. */
  search: z.enum(['on', 'off']).default('on'),
  wire: z
    .strictObject({
      keep: wireKeepSchema.default('full'),
      /** With `sampled`: of how many sessions one keeps its wire, by chance. */
      oneIn: z.number().int().min(1).max(1000).default(10),
      /** Days after the session's end until its wire is deleted. */
      days: z.number().int().min(1).max(3650).default(30),
    })
    .prefault({}),
  spool: z
    .strictObject({
      /** Megabytes (10^6 bytes) of each device's disk that recordings may take. */
      quotaMegabytes: z.number().int().min(64).max(1_000_000).default(4096),
      /** Hours that a device keeps its copy of what is stored centrally. */
      keepStoredHours: z.number().int().min(0).max(8760).default(0),
    })
    .prefault({}),
});
export type RecordingRules = z.infer<typeof recordingRulesSchema>;

export const targetRecordingSchema = z.strictObject({
  mode: recordModeSchema.optional(),
  /** `false` for a target that cannot exchange keys again. */
  anchors: z.boolean().optional(),
  wire: wireKeepSchema.optional(),
});
export type TargetRecording = z.infer<typeof targetRecordingSchema>;

/** The document that `sallyport apply` sends; every list is the whole truth for its kind (what is absent is removed). */
export const applyDocumentSchema = z.strictObject({
  organisation: z.strictObject({
    name: z.string().min(1).max(100),
    /** age recipient whose private half is kept offline. */
    breakGlassRecipient: z.string().startsWith('age1'),
    deviceKey: z.enum(['keyring', 'file']).default('keyring'),
    /** Hosts on loopback or link-local that the relay may reach anyway (host:port). A laboratory needs it; production does not. */
    relayExceptions: z.array(z.string()).default([]),
    /** Whether logins may say `sealed-password`: the password then reaches the endpoint. */
    sealedPasswords: z.enum(['denied', 'allowed']).default('denied'),
    recording: recordingRulesSchema.prefault({}),
  }),
  people: z.array(
    z.strictObject({
      id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
      name: z.string().min(1).max(100),
      roles: z.array(roleSchema).min(1),
      groups: z.array(z.string()).default([]),
    }),
  ),
  targets: z.array(
    z.strictObject({
      name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/),
      description: z.string().max(300).default(''),
      host: z.string().min(1).max(253),
      port: z.number().int().min(1).max(65_535).default(22),
      route: z.enum(['relay', 'direct']).default('relay'),
      labels: z.record(z.string(), z.string()).default({}),
      production: z.boolean().default(false),
      owner: z.string().nullable().default(null),
      needs: z.array(z.enum(['reason', 'ticket'])).default([]),
      logins: z
        .array(
          z.strictObject({
            name: z.string().min(1).max(64),
            default: z.boolean().default(false),
            credential: loginKindSchema.default('certificate'),
            /**
             * Of a password login: the regular expression, without regard to case, that a keyboard-interactive prompt must match to be answered. What does not match
             * is never answered.
             */
            prompt: z.string().min(1).max(200).optional(),
          }),
        )
        .min(1),
      /** OpenSSH one-line public keys, as `sallyport targets scan-host-key` prints them. */
      hostKeys: z.array(z.string()).min(1),
      limits: z
        .strictObject({
          maxSeconds: z.number().int().positive().default(14_400),
          idleSeconds: z.number().int().positive().nullable().default(null),
        })
        .prefault({}),
      recording: targetRecordingSchema.prefault({}),
    }),
  ),
  /** Cedar policies, validated against the schema in src/control/policy. */
  policies: z.array(z.strictObject({ id: z.string().regex(/^[A-Za-z0-9 ._-]{1,80}$/), cedar: z.string().min(1) })),
});
export type ApplyDocument = z.infer<typeof applyDocumentSchema>;
export type ApplyDocumentInput = z.input<typeof applyDocumentSchema>;

export const applyResultSchema = z.object({
  organisation: z.object({ changed: z.boolean() }),
  people: z.object({ added: z.number(), changed: z.number(), removed: z.number() }),
  targets: z.object({ added: z.number(), changed: z.number(), removed: z.number() }),
  policies: z.object({ added: z.number(), changed: z.number(), removed: z.number() }),
});

/** A target's name and one of its logins, as the apply document has them. */
const secretPlace = z.object({ target: z.string().min(1).max(64), login: z.string().min(1).max(64) });

/** That a password is stored; the password itself is never answered. */
export const secretViewSchema = z.object({
  target: z.string(),
  login: z.string(),
  /** Null where it was put into the vault by other means than `sallyport secrets set`. */
  setAt: z.string().nullable(),
  setBy: z.string().nullable(),
  /** Whether a target in force has this login by password. */
  used: z.boolean(),
});
export type SecretView = z.infer<typeof secretViewSchema>;

export interface ApiMethod {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  auth: 'none' | 'device' | 'local';
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** `binary`: the body is application/octet-stream. */
  binary?: true;
  response: z.ZodType;
}

export const controlApi = {
  serverInfo: {
    method: 'GET',
    path: '/v1/server',
    auth: 'none',
    summary: 'Name of the organisation and time; for first run',
    response: z.object({ organisation: z.string(), version: z.string(), time: z.string() }),
  },
  enrol: {
    method: 'POST',
    path: '/v1/enrolments',
    auth: 'none',
    summary: 'Register this device (the DPoP proof of this request is by the new key)',
    body: z.object({ code: z.string().max(40), deviceName: z.string().min(1).max(100), publicKey: jwkSchema }),
    response: z.object({
      device: z.object({ id, name: z.string() }),
      user: z.object({ id, name: z.string() }),
      organisation: z.string(),
      /** The server's signing key (OpenSSH line), pinned by the launcher from here on. */
      serverKey: z.string(),
      deviceKey: z.enum(['keyring', 'file']),
    }),
  },
  me: { method: 'GET', path: '/v1/me', auth: 'device', summary: 'Who I am', response: meSchema },
  listTargets: {
    method: 'GET',
    path: '/v1/targets',
    auth: 'device',
    summary: 'Targets I may see',
    response: z.object({ targets: z.array(targetViewSchema) }),
  },
  openSession: {
    method: 'POST',
    path: '/v1/sessions',
    auth: 'device',
    summary: 'Ask for a session: a signed grant and the first lease',
    body: z.object({
      targetId: id,
      login: z.string().min(1).max(64),
      reason: z.string().max(500).nullable(),
      ticket: z.string().max(100).nullable(),
      /** What to run instead of a shell. */
      command: z.string().min(1).max(4096).nullable().default(null),
      /** OpenSSH line of the session process's ed25519 signing key, and the device key's SSHSIG over `sessionKeyStatement`. */
      sessionKey: z.string().max(200),
      sessionKeyCertificate: z.string().max(4096),
    }),
    response: z.object({ grant: signedSchema, lease: signedSchema }),
  },
  loginSignature: {
    method: 'POST',
    path: '/v1/sessions/:sessionId/login-signature',
    auth: 'device',
    summary: 'One signature for one SSH login',
    params: z.object({ sessionId: id }),
    body: z.object({
      /** H of the first exchange, the host key blob K_S, the host's signature over H, and the exact bytes of RFC 4252 section 7 to sign. */
      sshSessionId: base64,
      hostKey: base64,
      hostSignature: base64,
      toSign: base64.max(16_384),
    }),
    /** SSH signature blob: string(algorithm) string(signature). */
    response: z.object({ signature: base64 }),
  },
  sealedPassword: {
    method: 'POST',
    path: '/v1/sessions/:sessionId/sealed-password',
    auth: 'device',
    summary: 'The password of a sealed-password login, sealed to the session process, once',
    params: z.object({ sessionId: id }),
    body: z.object({
      /** H of the first exchange, the host key blob K_S, the host's signature over H. */
      sshSessionId: base64.max(200),
      hostKey: base64.max(4096),
      hostSignature: base64.max(8192),
      /** age recipient whose identity is in the session process, and the session key's SSHSIG over `recipientStatement`. */
      recipient: z.string().startsWith('age1').max(100),
      recipientSignature: z.string().max(4096),
    }),
    /** age file (base64) whose plaintext is the password. */
    response: z.object({ sealed: base64 }),
  },
  listSessions: {
    method: 'GET',
    path: '/v1/live',
    auth: 'device',
    summary: 'Running sessions',
    response: z.object({ sessions: z.array(liveSessionSchema) }),
  },
  killSession: {
    method: 'POST',
    path: '/v1/sessions/:sessionId/kill',
    auth: 'device',
    summary: 'Kill a session and lock its person out of the target',
    params: z.object({ sessionId: id }),
    body: z.object({ reason: z.string().min(1).max(500) }),
    response: orderViewSchema,
  },
  getOrder: {
    method: 'GET',
    path: '/v1/orders/:orderId',
    auth: 'device',
    summary: 'State of an order; with `waitMs` answers at the next change or after that time',
    params: z.object({ orderId: id }),
    query: z.object({ waitMs: z.coerce.number().int().min(0).max(30_000).default(0), after: z.string().optional() }),
    response: orderViewSchema,
  },
  listLocks: {
    method: 'GET',
    path: '/v1/locks',
    auth: 'device',
    summary: 'Locks in force',
    response: z.object({ locks: z.array(lockSchema) }),
  },
  liftLock: {
    method: 'DELETE',
    path: '/v1/locks/:lockId',
    auth: 'device',
    summary: 'Lift a lock',
    params: z.object({ lockId: id }),
    response: z.object({}),
  },
  putSegment: {
    method: 'PUT',
    path: '/v1/recordings/:sessionId/segments/:stream/:seq',
    auth: 'device',
    binary: true,
    summary:
      'Store a sealed segment. Header Content-Digest (RFC 9530, sha-256). Identical again 200, other bytes 409 SP-3021 and an alert, a gap 409 SP-3022',
    params: z.object({ sessionId: id, stream: partKindSchema, seq: z.coerce.number().int().nonnegative() }),
    response: z.object({ sha256: z.string(), storedAt: z.string() }),
  },
  putManifest: {
    method: 'PUT',
    path: '/v1/recordings/:sessionId/manifest',
    auth: 'device',
    summary: 'Store the signed manifest; answers a receipt',
    params: z.object({ sessionId: id }),
    body: z.object({ manifest: z.string().max(manifestBytesAtMost), signature: z.string().max(8192) }),
    response: z.object({ receipt: signedSchema }),
  },
  putJournal: {
    method: 'PUT',
    path: '/v1/recordings/:sessionId/journal',
    auth: 'device',
    binary: true,
    summary: 'Store the journal of a session whose process died (Content-Digest as above)',
    params: z.object({ sessionId: id }),
    query: z.object({ because: z.string().max(300) }),
    response: z.object({ sha256: z.string(), storedAt: z.string() }),
  },
  listRecordings: {
    method: 'GET',
    path: '/v1/recordings',
    auth: 'device',
    summary: 'Recordings I may see',
    query: recordingsQuerySchema,
    /** `next`: what to ask `after` for the page that follows; null at the end. */
    response: z.object({ recordings: z.array(recordingViewSchema), next: z.string().nullable() }),
  },
  getRecording: {
    method: 'GET',
    path: '/v1/recordings/:sessionId',
    auth: 'device',
    summary: 'One recording',
    params: z.object({ sessionId: id }),
    response: recordingViewSchema,
  },
  getManifest: {
    method: 'GET',
    path: '/v1/recordings/:sessionId/manifest',
    auth: 'device',
    summary: 'Manifest, its signature, receipts and the keys to check them with',
    params: z.object({ sessionId: id }),
    response: z.object({
      manifest: z.string(),
      signature: z.string(),
      receipts: z.array(signedSchema),
      grant: signedSchema,
      sessionKey: z.string(),
      sessionKeyCertificate: z.string(),
      deviceId: z.string(),
      /** OpenSSH line (ecdsa-sha2-nistp256) of the device key; and the server's signing key. */
      deviceKey: z.string(),
      serverKey: z.string(),
    }),
  },
  getSegment: {
    method: 'GET',
    path: '/v1/recordings/:sessionId/segments/:stream/:seq',
    auth: 'device',
    summary: 'A stored segment (octet-stream)',
    params: z.object({ sessionId: id, stream: partKindSchema, seq: z.coerce.number().int().nonnegative() }),
    response: z.unknown(),
  },
  getJournal: {
    method: 'GET',
    path: '/v1/recordings/:sessionId/journal',
    auth: 'device',
    summary: 'The uploaded journal (octet-stream)',
    params: z.object({ sessionId: id }),
    response: z.unknown(),
  },
  getTail: {
    method: 'GET',
    path: '/v1/recordings/:sessionId/tail',
    auth: 'device',
    summary: 'What the server holds of the journal of a session that is not stored whole (octet-stream)',
    params: z.object({ sessionId: id }),
    response: z.unknown(),
  },
  getWire: {
    method: 'GET',
    path: '/v1/recordings/:sessionId/wire/:direction',
    auth: 'device',
    summary: "One direction of the relay's own record of what crossed (octet-stream)",
    params: z.object({ sessionId: id, direction: z.enum(wireDirections) }),
    response: z.unknown(),
  },
  unlock: {
    method: 'POST',
    path: '/v1/recordings/:sessionId/unlock',
    auth: 'device',
    summary: "One stream's identity, sealed to the caller's replay process",
    params: z.object({ sessionId: id }),
    body: z.object({
      stream: keyedStreamSchema,
      purpose: z.string().min(1).max(300),
      recipient: z.string().startsWith('age1').max(100),
    }),
    /** age file (base64) whose plaintext is the AGE-SECRET-KEY-1... line, encrypted to `recipient`. */
    response: z.object({ sealedIdentity: base64 }),
  },
  ...accessApi,
  ...reviewApi,
  listAudit: {
    method: 'GET',
    path: '/v1/audit',
    auth: 'device',
    summary: 'Audit events, newest first',
    query: z.object({
      limit: z.coerce.number().int().min(1).max(1000).default(200),
      /** A person's id: what they did. */
      actor: id.optional(),
      /** What happened to, or in, this session. */
      session: id.optional(),
    }),
    response: z.object({ events: z.array(auditEventSchema) }),
  },
  apply: {
    method: 'POST',
    path: '/v1/apply',
    auth: 'local',
    summary: 'Make people, targets and policies what the document says',
    body: applyDocumentSchema,
    response: applyResultSchema,
  },
  setSecret: {
    method: 'PUT',
    path: '/v1/secrets/:target/:login',
    auth: 'local',
    binary: true,
    summary: 'Store the password of a login in the vault; the body is its bytes (UTF-8, one line)',
    params: secretPlace,
    response: z.object({}),
  },
  listSecrets: {
    method: 'GET',
    path: '/v1/secrets',
    auth: 'local',
    summary: 'Which passwords are stored, never what they are',
    response: z.object({ secrets: z.array(secretViewSchema) }),
  },
  removeSecret: {
    method: 'DELETE',
    path: '/v1/secrets/:target/:login',
    auth: 'local',
    summary: 'Remove the password of a login from the vault',
    params: secretPlace,
    response: z.object({}),
  },
  invite: {
    method: 'POST',
    path: '/v1/invites',
    auth: 'local',
    summary: 'A single-use invite for a person',
    body: z.object({ userId: id }),
    response: z.object({ code: z.string(), invite: z.string(), expiresAt: z.string() }),
  },
} as const satisfies Record<string, ApiMethod>;

export type ControlApi = typeof controlApi;
export type ApiName = keyof ControlApi;
