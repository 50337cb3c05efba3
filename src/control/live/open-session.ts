import { randomBytes, randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type { z } from 'zod';
import { blobOfLine, keyOfBlob } from '../../recording/signatures/keys.ts';
import { verifySsh } from '../../recording/signatures/sshsig.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { type controlApi, type RecordingRules, recordingRulesSchema } from '../../shared/protocol/control-api.ts';
import {
  type GrantCredential,
  type GrantPayload,
  namespaces,
  type Signed,
  sessionKeyStatement,
} from '../../shared/protocol/signed.ts';
import { defaultPromptPattern } from '../../shared/ssh/prompt-rule.ts';
import type { Actor } from '../actor.ts';
import type { Broker } from '../broker/broker.ts';
import { certificateAlgorithm } from '../broker/certificate.ts';
import type { CoreContext, Reader } from '../context.ts';
import { type Resolve, resolveTarget } from '../relay/address.ts';
import { type AccessGrant, grantInForce } from '../requests/grants.ts';
import { askForApproval, knowsTarget, standingOf, targetNotFound } from '../requests/may-request.ts';
import { hasPassword } from '../secrets/secrets.ts';
import type { Database } from '../store/database.ts';
import { hold } from '../store/locks.ts';
import type { Leases } from './leases.ts';
import { lockInForce, lockRefusal } from './locks.ts';
import { recordingOf } from './recording-rules.ts';
import { passwordMissing } from './sealed-password.ts';
import { findTarget, type TargetRow } from './session-store.ts';

export type OpenSessionBody = z.output<typeof controlApi.openSession.body>;
type Device = NonNullable<Actor['device']>;

interface Parts {
  core: CoreContext;
  broker: Broker;
  leases: Leases;
  resolve?: Resolve;
}

/** Only a device opens a session: its key certifies the session process's key. */
function requireDevice(actor: Actor): Device {
  if (actor.device !== null) return actor.device;
  throw new SallyportError('SP-5003', 'Sessions are opened from an enrolled launcher, not from the local socket.');
}

/** Throws SP-1006 unless the device key has certified exactly this session key for exactly this device. */
function checkSessionKey(device: Device, body: OpenSessionBody): void {
  let isEd25519 = false;
  try {
    const blob = blobOfLine(body.sessionKey);
    isEd25519 = keyOfBlob(blob).asymmetricKeyType === 'ed25519' && body.sessionKey.split(/\s+/).length === 2;
  } catch {
    isEd25519 = false;
  }
  const statement = sessionKeyStatement({ deviceId: device.id, sessionKey: body.sessionKey });
  const certified = verifySsh({
    publicKey: device.publicKey,
    namespace: namespaces.sessionKey,
    message: statement,
    signature: body.sessionKeyCertificate,
  });
  if (!isEd25519 || !certified) throw sessionKeyRefused();
}

function sessionKeyRefused(): SallyportError {
  return new SallyportError(
    'SP-1006',
    "The session's signing key is not a fresh one certified by this device's key, so no session was opened. Restart Sallyport; if it stays, enrol this device again.",
  );
}

/**
 * The access that the session runs under, or null where an access rule lets the person in by itself. Throws SP-2001 when the person may not know of the
 * target, SP-2006 when only an approval is missing, SP-2002 when they may not connect.
 */
async function checkAccess(
  core: CoreContext,
  actor: Actor,
  target: TargetRow,
  login: string,
): Promise<AccessGrant | null> {
  const standing = await standingOf(core, actor, target, login);
  if (standing.connects) return null;
  if (standing.connectsGranted) {
    const now = core.clock.now();
    const granted = await grantInForce(core.reader, { userId: actor.userId, targetId: target.id, login, now });
    // Less than a second is no session.
    if (granted !== null && secondsUntil(granted.endsAt, now) > 0) return granted;
  }
  const facts = { target: target.name, login };
  if (standing.requests) {
    throw new SallyportError(
      'SP-2006',
      `Connecting to ${target.name} as ${login} needs an approval, and you have none now. ${askForApproval(target.name, login)}`,
      { facts },
    );
  }
  if (!(await knowsTarget(core, actor, target))) throw targetNotFound();
  const offered = target.logins.some((entry) => entry.name === login);
  const why = offered ? 'no access rule lets you' : 'the target does not offer this login';
  throw new SallyportError(
    'SP-2002',
    `You may not connect to ${target.name} as ${login}: ${why}. Choose another login, or ask for access.`,
    { facts },
  );
}

/** Whole seconds that are left. */
function secondsUntil(end: Date, now: Date): number {
  return Math.floor((end.getTime() - now.getTime()) / 1000);
}

/** The target's limits, within the time of the access. */
function limitsFor(target: TargetRow, access: AccessGrant | null, now: Date): TargetRow['limits'] {
  if (access === null) return target.limits;
  const left = Math.max(1, secondsUntil(access.endsAt, now));
  return { ...target.limits, maxSeconds: Math.min(target.limits.maxSeconds, left) };
}

/** In the same transaction as the session's row: a revocation either waits for it and finds the session, or came before. Throws SP-2002. */
async function holdAccess(trx: Transaction<Database>, access: AccessGrant, target: TargetRow): Promise<void> {
  const held = await trx
    .selectFrom('access_requests')
    .select('id')
    .where('id', '=', access.requestId)
    .where('state', '=', 'approved')
    .forShare()
    .executeTakeFirst();
  if (held === undefined)
    throw new SallyportError('SP-2006', `The access to ${target.name} was revoked just now. No session was opened.`);
}

/** Throws SP-5001 when the target asks for a reason or a ticket and there is none. */
function checkNeeds(target: TargetRow, said: Pick<OpenSessionBody, 'reason' | 'ticket'>): void {
  for (const need of target.needs) {
    const given = need === 'reason' ? said.reason : said.ticket;
    if (given !== null && given.trim() !== '') continue;
    throw new SallyportError(
      'SP-5001',
      `${target.name} asks for a ${need} with every connection. Give one and connect again.`,
      {
        facts: { target: target.name, needs: need },
      },
    );
  }
}

interface Organisation {
  name: string;
  breakGlass: string;
  exceptions: string[];
  rules: RecordingRules;
}

async function organisation(db: Reader): Promise<Organisation> {
  const row = await db.selectFrom('organisation').selectAll().where('id', '=', 1).executeTakeFirstOrThrow();
  const rules = recordingRulesSchema.parse(row.recording);
  return { name: row.name, breakGlass: row.break_glass_recipient, exceptions: row.relay_exceptions, rules };
}

/**
 * How the login will be made, by what the target's row says of it. Of passwords only whether there is one is asked here. Throws SP-2043 when the vault
 * has none, SP-5006 when it does not answer.
 */
async function credentialFor(
  { core, broker }: Parts,
  facts: { sessionId: string; userId: string; target: TargetRow; login: string },
): Promise<GrantCredential> {
  const { sessionId, userId, target, login } = facts;
  const entry = target.logins.find((each) => each.name === login);
  const kind = entry?.credential ?? 'certificate';
  if (kind === 'certificate') {
    const certificate = await broker.certify({ sessionId, userId, targetName: target.name, login });
    return { kind, algorithm: certificateAlgorithm, certificate: certificate.toString('base64') };
  }
  const place = { target: target.name, login };
  if (!(await hasPassword(core, place))) throw passwordMissing(place);
  return kind === 'password' ? { kind: 'handover' } : { kind, prompt: entry?.prompt ?? defaultPromptPattern };
}

async function resolveFor(parts: Parts, target: TargetRow, exceptions: readonly string[]): Promise<string | null> {
  if (target.route === 'direct') return null;
  const { host, port } = target;
  return resolveTarget({ host, port, exceptions, ...(parts.resolve === undefined ? {} : { resolve: parts.resolve }) });
}

/**
 * Grants a session: checks, keys, certificate, and the row that makes its start known before the first byte. Resolves when all of it is
 * stored. Throws SP-2001, SP-2002, SP-2006 (no approval), SP-2003 (locked), SP-2043, SP-5001, SP-5006, SP-1006, SP-2104, SP-2105, SP-5003.
 */
export async function openSession(
  parts: Parts,
  actor: Actor,
  body: OpenSessionBody,
): Promise<{ grant: Signed; lease: Signed }> {
  const { core, broker, leases } = parts;
  const device = requireDevice(actor);
  checkSessionKey(device, body);
  const target = await findTarget(core.reader, body.targetId);
  if (target === null || target.removed_at !== null) throw targetNotFound();
  const access = await checkAccess(core, actor, target, body.login);
  const lock = await lockInForce(core.reader, actor.userId, target.id);
  if (lock !== null) throw lockRefusal(lock, target.name);
  checkNeeds(target, {
    reason: body.reason ?? access?.reason ?? null,
    ticket: body.ticket ?? access?.ticket ?? null,
  });
  const org = await organisation(core.reader);
  const relayAddress = await resolveFor(parts, target, org.exceptions);

  const sessionId = randomUUID();
  const [output, input, text] = [
    await broker.makeStreamKey(sessionId, 'output'),
    await broker.makeStreamKey(sessionId, 'input'),
    await broker.makeStreamKey(sessionId, 'text'),
  ];
  const credential = await credentialFor(parts, { sessionId, userId: actor.userId, target, login: body.login });
  const now = core.clock.now();
  const limits = limitsFor(target, access, now);
  const payload: GrantPayload = {
    version: 1,
    sessionId,
    serverNonce: randomBytes(32).toString('base64url'),
    issuedAt: now.toISOString(),
    organisation: org.name,
    user: { id: actor.userId, name: actor.name },
    device: { id: device.id, name: device.name },
    target: { id: target.id, name: target.name, host: target.host, port: target.port, production: target.production },
    login: body.login,
    command: body.command,
    // Asked for with a reason and a ticket: they are why it runs, unless something nearer is said.
    reason: body.reason ?? access?.reason ?? null,
    ticket: body.ticket ?? access?.ticket ?? null,
    route: target.route,
    hostKeys: target.host_keys,
    recipients: {
      output: [output.recipient, org.breakGlass],
      input: [input.recipient, org.breakGlass],
      text: [text.recipient, org.breakGlass],
    },
    credential,
    sessionKey: body.sessionKey,
    limits,
    ...recordingOf(target, org.rules),
  };
  const grant = core.signer.sign('grant@sallyport', payload);
  // Before it is stored: a kill that finds the row must find the lease to stop as well.
  const lease = leases.begin({
    sessionId,
    deviceId: device.id,
    lifeMs: limits.maxSeconds * 1000,
    accessMs: access === null ? null : access.endsAt.getTime() - now.getTime(),
  });
  let writeAuditLine: () => Promise<void>;
  try {
    writeAuditLine = await core.writer.transaction().execute(async (trx) => {
      // Again, inside: a kill between the check above and here must hold, also one that is being stored at this moment.
      await hold(trx, { kind: 'access', userId: actor.userId, targetId: target.id });
      const late = await lockInForce(trx, actor.userId, target.id);
      if (late !== null) throw lockRefusal(late, target.name);
      if (access !== null) await holdAccess(trx, access, target);
      const { numInsertedOrUpdatedRows } = await trx
        .insertInto('sessions')
        .values({
          id: sessionId,
          user_id: actor.userId,
          device_id: device.id,
          target_id: target.id,
          login: body.login,
          route: target.route,
          relay_address: relayAddress,
          session_key: body.sessionKey,
          session_key_certificate: body.sessionKeyCertificate,
          certificate: credential.kind === 'certificate' ? credential.certificate : null,
          grant_payload: grant.payload,
          grant_signature: grant.signature,
          granted_at: now,
          lease_ends_at: sql<Date>`now() + ${limits.maxSeconds} * interval '1 second'`,
          access_request_id: access?.requestId ?? null,
          end_reason: null,
          ended_by: null,
        })
        // One session per session key: a second would make two records under one signature.
        .onConflict((conflict) => conflict.column('session_key').doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows !== 1n) throw sessionKeyRefused();
      await trx
        .insertInto('stream_keys')
        .values([
          { session_id: sessionId, stream: 'output', ...output },
          { session_id: sessionId, stream: 'input', ...input },
          { session_id: sessionId, stream: 'text', ...text },
        ])
        .execute();
      return core.audit.recordWithin(trx, {
        event: 'session.granted',
        actor: actor.userId,
        subject: sessionId,
        detail: {
          target: target.name,
          login: body.login,
          route: target.route,
          credential: credential.kind,
          device: device.id,
          access: access?.requestId ?? null,
          reason: payload.reason,
          ticket: payload.ticket,
        },
      });
    });
  } catch (error) {
    broker.forget(sessionId);
    leases.forget(sessionId);
    throw error;
  }
  await writeAuditLine().catch((error: unknown) => {
    // It is stored, so it has to lapse like any other; nobody gets it.
    broker.forget(sessionId);
    leases.stop(sessionId);
    throw error;
  });
  return { grant, lease };
}
