import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import { checkExtends } from '../../recording/manifest/check-extends.ts';
import { parseManifest } from '../../recording/manifest/parse-manifest.ts';
import { blobOfLine, fingerprint } from '../../recording/signatures/keys.ts';
import { verifySsh } from '../../recording/signatures/sshsig.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import { namespaces, type Signed } from '../../shared/protocol/signed.ts';
import { type Manifest, manifestFile, manifestSignatureFile } from '../../shared/record/manifest.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext, Reader } from '../context.ts';
import { grantOf, type SessionRow, signedGrantOf } from '../live/session-store.ts';
import type { Database } from '../store/database.ts';
import { hold } from '../store/locks.ts';
import { anchorFault } from './anchor-claims.ts';
import { type IngestParts, ownRecording } from './ingest.ts';
import { manifestTimes } from './manifest-times.ts';
import { receiptFor, storedReceipts } from './receipts.ts';
import { wireEndMs, wireHead } from './wire-head.ts';

function refusal(what: string, facts?: Record<string, string>): SallyportError {
  return new SallyportError(
    'SP-3023',
    `The manifest was not accepted: ${what}. What was stored before stays as it is; compare the local copy with it.`,
    facts === undefined ? {} : { facts },
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Every fact of the header that the server knows itself must be what it registered: an old recording or another's does not pass. */
function checkHeader(manifest: Manifest, session: SessionRow, deviceKey: string): void {
  const grant = grantOf(session);
  const { header } = manifest;
  const expected: Partial<Record<keyof typeof header, unknown>> = {
    session: session.id,
    'server-nonce': grant.serverNonce,
    user: grant.user,
    device: grant.device,
    'device-key': deviceKey,
    'session-key': session.session_key,
    'session-key-certificate': session.session_key_certificate,
    grant: sha256(session.grant_payload),
    target: { id: grant.target.id, name: grant.target.name, host: grant.target.host, port: grant.target.port },
    login: grant.login,
    command: grant.command,
    mode: grant.recordMode,
    evidence: grant.evidence,
    route: grant.route,
    reason: grant.reason,
    ticket: grant.ticket,
    'host-keys': grant.hostKeys.map((line) => fingerprint(blobOfLine(line))),
    recipients: grant.recipients,
  };
  for (const [key, value] of Object.entries(expected)) {
    // The parser writes keys in the schema's order; so do the literals above.
    if (JSON.stringify(header[key as keyof typeof header]) !== JSON.stringify(value)) {
      throw refusal(`its "${key}" is not what this session was granted with`, { fact: key });
    }
  }
}

async function checkStored(db: Reader, sessionId: string, manifest: Manifest): Promise<void> {
  const rows = await db.selectFrom('recording_segments').selectAll().where('session_id', '=', sessionId).execute();
  const stored = new Map(rows.map((row) => [`${row.stream} ${row.seq}`, row]));
  const listed = [...manifest.segments, ...manifest.anchors.map((line) => ({ ...line, stream: 'anchor' as const }))];
  for (const line of listed) {
    const row = stored.get(`${line.stream} ${line.seq}`);
    const facts = { stream: line.stream, seq: String(line.seq) };
    const part = line.stream === 'anchor' ? `anchor ${line.seq}` : `segment ${line.seq} of the ${line.stream} stream`;
    if (row === undefined) throw refusal(`it lists ${part}, which is not stored`, facts);
    if (row.sha256 !== line.sha256 || row.bytes !== line.bytes)
      throw refusal(`its digest or size of ${part} is not that of the stored bytes`, facts);
  }
  if (manifest.end !== null && rows.length !== listed.length)
    throw refusal('it ends without listing every stored segment and anchor');
}

/** The receipts that the session signs for must be those it was given: a manifest with another one would never verify. */
async function checkReceiptLines(db: Reader, sessionId: string, manifest: Manifest): Promise<void> {
  if (manifest.receipts.length === 0) return;
  const rows = await db
    .selectFrom('recording_receipts')
    .select(['lines', 'payload'])
    .where('session_id', '=', sessionId)
    .execute();
  const given = new Set(rows.map(({ lines, payload }) => `${lines} ${sha256(payload)}`));
  for (const line of manifest.receipts)
    if (!given.has(`${line.lines} ${line.sha256}`))
      throw refusal(`it names a receipt for ${line.lines} lines that this server did not give`);
}

async function lastReceipt(core: CoreContext, sessionId: string, lines: number): Promise<Signed | null> {
  const row = await core.reader
    .selectFrom('recording_receipts')
    .select(['payload', 'signature'])
    .where('session_id', '=', sessionId)
    .where('lines', '=', lines)
    .orderBy('place', 'desc')
    .executeTakeFirst();
  return row ?? null;
}

/** The newest accepted manifest; null when there is none. */
async function storedManifest(db: Reader, sessionId: string): Promise<{ text: string; signature: string } | null> {
  const row = await db
    .selectFrom('recording_manifests')
    .select(['text', 'signature'])
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row ?? null;
}

async function save(
  trx: Transaction<Database>,
  values: { session: SessionRow; manifest: Manifest; signature: string; receipt: Signed; at: Date },
): Promise<void> {
  const { session, manifest, signature, receipt, at } = values;
  const sessionId = session.id;
  const row = {
    text: manifest.text,
    signature,
    ended: manifest.end !== null,
    anchors: manifest.anchors.length,
    end_reason: manifest.end?.reason ?? null,
    ...manifestTimes(manifest, session, at),
    updated_at: at,
  };
  await trx
    .insertInto('recording_manifests')
    .values({ session_id: sessionId, ...row })
    .onConflict((conflict) => conflict.column('session_id').doUpdateSet(row))
    .execute();
  await trx
    .insertInto('recording_receipts')
    .values({ session_id: sessionId, lines: manifest.lines, ...receipt, at })
    .execute();
}

/**
 * Checks and stores a signed manifest; answers the receipt. Sending the same again answers the same receipt. Throws SP-3001, SP-3023 (and the audit
 * says so), SP-3024.
 */
export function putManifest(
  parts: IngestParts,
  actor: Actor,
  sent: { sessionId: string; text: string; signature: string },
): Promise<{ receipt: Signed; ended: boolean }> {
  const { core, store, queue } = parts;
  const { sessionId } = sent;

  async function check(
    session: SessionRow,
  ): Promise<{ manifest: Manifest; previous: string | null; deviceKey: string }> {
    const { session_key: publicKey } = session;
    if (!verifySsh({ publicKey, namespace: namespaces.recording, message: sent.text, signature: sent.signature })) {
      throw refusal("its signature is not by this session's key");
    }
    const manifest = parseManifest(sent.text);
    const device = await core.reader
      .selectFrom('devices')
      .select('public_key')
      .where('id', '=', session.device_id)
      .executeTakeFirstOrThrow();
    checkHeader(manifest, session, device.public_key);
    const previous = await storedManifest(core.reader, sessionId);
    const before = previous === null ? null : parseManifest(previous.text);
    if (before !== null) checkExtends(before, manifest);
    await checkStored(core.reader, sessionId, manifest);
    await checkReceiptLines(core.reader, sessionId, manifest);
    // What the list of recordings says of their evidence is no launcher's word alone.
    const fault = await anchorFault(store, manifest, grantOf(session), before?.anchors.length ?? 0);
    if (fault !== null) throw refusal(fault);
    return { manifest, previous: previous?.text ?? null, deviceKey: device.public_key };
  }

  /** The files of an exported folder, so that stock tools and `verify` check the store as it lies there. The database holds the truth. */
  async function render(
    session: SessionRow,
    deviceKey: string,
    newest: { text: string; signature: string; receipt: Signed | null },
  ): Promise<void> {
    const receipts = await storedReceipts(core.reader, sessionId);
    const keys = {
      serverKey: core.signer.publicKey,
      deviceId: session.device_id,
      deviceKey,
      sessionKey: session.session_key,
      sessionKeyCertificate: session.session_key_certificate,
    };
    const put = (file: string, content: string) => store.replace(`${sessionId}/${file}`, Buffer.from(content));
    await put('grant.json', JSON.stringify(signedGrantOf(session)));
    await put('keys.json', JSON.stringify(keys));
    await put(manifestSignatureFile, newest.signature);
    await put(manifestFile, newest.text);
    await put('receipts.json', JSON.stringify(newest.receipt === null ? receipts : [...receipts, newest.receipt]));
  }

  async function refused(error: unknown): Promise<never> {
    if (error instanceof SallyportError && error.code !== 'SP-5010') {
      await core.audit.record({
        event: 'recording.manifest-refused',
        actor: actor.userId,
        subject: sessionId,
        detail: { code: error.code, why: error.message, device: actor.device?.id ?? null },
      });
    }
    throw error;
  }

  /** Checks, renders and stores. Null when another server stored one in between: then it has to be checked against that. */
  async function accept(session: SessionRow): Promise<{ receipt: Signed; ended: boolean } | null> {
    const { manifest, previous, deviceKey } = await check(session).catch(refused);
    const ended = manifest.end !== null;
    const known = previous === manifest.text ? await lastReceipt(core, sessionId, manifest.lines) : null;
    if (known !== null) return { receipt: known, ended };
    // After the manifest that it follows was read: heads of receipts never go back. The last one covers the whole wire, where that ends in time.
    const given = (await storedReceipts(core.reader, sessionId)).length;
    const wire = await wireHead(core, sessionId, ended ? wireEndMs : 0);
    const at = core.clock.now();
    const payload = receiptFor(manifest, { wire, sessionId, at });
    const receipt = core.signer.sign('receipt@sallyport', payload);
    await render(session, deviceKey, { ...sent, receipt });
    const saved = await core.writer
      .transaction()
      .execute(async (trx) => {
        await hold(trx, { kind: 'recording', sessionId });
        if (((await storedManifest(trx, sessionId))?.text ?? null) !== previous) return null;
        // A receipt for the wire that was given since names more of it than this one.
        if ((await storedReceipts(trx, sessionId)).length !== given) return null;
        // A segment may have come since it was checked.
        await checkStored(trx, sessionId, manifest);
        await save(trx, { session, manifest, signature: sent.signature, receipt, at });
        if (!ended) return async () => undefined;
        return core.audit.recordWithin(trx, {
          event: 'recording.completed',
          actor: actor.userId,
          subject: sessionId,
          detail: {
            segments: payload.segments,
            bytes: payload.bytes,
            head: payload.head,
            device: actor.device?.id ?? null,
          },
        });
      })
      .catch(refused);
    if (saved !== null) {
      await saved();
      return { receipt, ended };
    }
    const newest = await storedManifest(core.reader, sessionId);
    if (newest !== null) await render(session, deviceKey, { ...newest, receipt: null });
    return null;
  }

  return queue(sessionId, async () => {
    const session = await ownRecording(core, actor, sessionId);
    for (;;) {
      const accepted = await accept(session);
      if (accepted !== null) return accepted;
    }
  });
}
