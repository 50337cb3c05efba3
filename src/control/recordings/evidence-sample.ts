import { ageOpen, makeAgeIdentity } from '../../recording/codecs/age.ts';
import { type Verification, verifyRecording } from '../../recording/verify/verify-recording.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import { partFile } from '../../shared/record/parts.ts';
import { wireFile } from '../../shared/record/wire.ts';
import type { Broker } from '../broker/broker.ts';
import type { CoreContext } from '../context.ts';
import { findSession, grantOf, type SessionRow, signedGrantOf } from '../live/session-store.ts';
import type { ObjectStore } from './object-store.ts';
import { storedReceipts } from './receipts.ts';

export interface SampleParts {
  core: CoreContext;
  broker: Pick<Broker, 'sealStreamKey'>;
  store: Pick<ObjectStore, 'get' | 'open'>;
  /** Aborted: a look that is under way ends without a word, and none begins. */
  signal?: AbortSignal;
}

export interface SampleResult {
  sessionId: string;
  /** The first place that does not hold; null when all that was looked at does. */
  firstBad: Verification['firstBad'];
  /** Whether the wire was opened and compared, or why it could not be. */
  compared: boolean;
}

/** A look that was begun longer ago than this is not under way any more. */
const lookMs = 12 * 3_600_000;

/** Of so many recordings the evidence is looked at in one go. */
export const sampleAtMost = 20;

/** A stream's identity, in this process's memory for the time of one verification. Null when its key was erased. */
export async function identityOf(
  { core, broker }: SampleParts,
  sessionId: string,
  stream: KeyedStream,
): Promise<string | null> {
  const row = await core.reader
    .selectFrom('stream_keys')
    .select('wrapped')
    .where('session_id', '=', sessionId)
    .where('stream', '=', stream)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { identity, recipient } = await makeAgeIdentity();
  const sealed = await broker.sealStreamKey({ sessionId, stream, wrapped: row.wrapped, recipient });
  return Buffer.from(await ageOpen(Buffer.from(sealed, 'base64'), identity)).toString('utf8');
}

async function documentsOf(core: CoreContext, session: SessionRow) {
  const db = core.reader;
  const manifest = await db
    .selectFrom('recording_manifests')
    .select(['text', 'signature'])
    .where('session_id', '=', session.id)
    .executeTakeFirst();
  if (manifest === undefined) return null;
  const receipts = await storedReceipts(db, session.id);
  const device = await db
    .selectFrom('devices')
    .select('public_key')
    .where('id', '=', session.device_id)
    .executeTakeFirstOrThrow();
  return {
    manifest: manifest.text,
    signature: manifest.signature,
    receipts,
    grant: signedGrantOf(session),
    sessionKey: session.session_key,
    sessionKeyCertificate: session.session_key_certificate,
    deviceId: session.device_id,
    deviceKey: device.public_key,
    serverKey: core.signer.publicKey,
    serverKeyPinned: true,
  };
}

async function* untilAborted(stream: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

/**
 * Verifies one stored recording with the keys that the vault holds: everything is opened in memory, a segment at a time, and the wire is compared with it.
 * The result is an audit event, an alert when something does not hold. Null when it cannot be opened here, or has no manifest. Throws when it is aborted.
 */
export async function verifyStored(parts: SampleParts, sessionId: string): Promise<SampleResult | null> {
  const { core, store, signal } = parts;
  const session = await findSession(core.reader, sessionId);
  const documents = session === null ? null : await documentsOf(core, session);
  const output = await identityOf(parts, sessionId, 'output');
  const input = await identityOf(parts, sessionId, 'input');
  if (session === null || documents === null || output === null || input === null) return null;
  const found = await verifyRecording({
    ...documents,
    segment: (kind, seq) => {
      signal?.throwIfAborted();
      return store.get(`${sessionId}/${partFile(kind, seq)}`);
    },
    wire: async (direction) => {
      const stream = (await store.open(`${sessionId}/${wireFile(direction)}`))?.stream ?? null;
      return stream === null ? null : untilAborted(stream, signal);
    },
    identities: { output, input },
  });
  // What was stopped looks like what does not hold.
  signal?.throwIfAborted();
  const compared = found.checks.some(({ name, ok, detail }) => name === 'crossing' && ok && !detail.startsWith('not'));
  await core.audit.record({
    event: found.ok ? 'recording.verified' : 'recording.evidence-differs',
    actor: 'server',
    subject: sessionId,
    detail: {
      evidence: found.evidence,
      compared,
      target: grantOf(session).target.name,
      ...(found.firstBad === null ? {} : { where: found.firstBad.where, what: found.firstBad.what }),
    },
  });
  return { sessionId, firstBad: found.firstBad, compared };
}

/**
 * The daily sample: up to `atMost` recordings whose wire is stored and was never looked at to the end, those first that were tried least, of them those that ended
 * last. Each is looked at by one server only. One that cannot be read now, or of which a process died, is tried again another day. Resolves to what was found.
 */
export async function sampleEvidence(parts: SampleParts, atMost = sampleAtMost): Promise<SampleResult[]> {
  const { core } = parts;
  const before = new Date(core.clock.now().getTime() - lookMs);
  const due = await core.reader
    .selectFrom('wires')
    .innerJoin('sessions', 'sessions.id', 'wires.session_id')
    .innerJoin('recording_manifests', 'recording_manifests.session_id', 'wires.session_id')
    .select(['wires.session_id as id', 'wires.tries'])
    .where('wires.stored_at', 'is not', null)
    .where('wires.released_at', 'is', null)
    .where('wires.verified_at', 'is', null)
    .where('recording_manifests.ended', '=', true)
    .where((where) => where.or([where('wires.tried_at', 'is', null), where('wires.tried_at', '<', before)]))
    .orderBy('wires.tries')
    .orderBy('sessions.ended_at', 'desc')
    .limit(atMost)
    .execute();
  const results: SampleResult[] = [];
  for (const { id, tries } of due) {
    if (parts.signal?.aborted) break;
    const { numUpdatedRows } = await core.writer
      .updateTable('wires')
      .set({ tries: tries + 1, tried_at: core.clock.now() })
      .where('session_id', '=', id)
      .where('verified_at', 'is', null)
      .where('tries', '=', tries)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) continue;
    try {
      const result = await verifyStored(parts, id);
      await core.writer
        .updateTable('wires')
        .set({ verified_at: core.clock.now() })
        .where('session_id', '=', id)
        .execute();
      if (result !== null) results.push(result);
    } catch (error) {
      if (parts.signal?.aborted) break;
      core.log.error({ err: error, session: id }, 'the evidence of a recording could not be looked at');
    }
  }
  return results;
}
