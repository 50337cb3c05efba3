import type { Readable } from 'node:stream';
import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream, PartKind, RecordingView } from '../../shared/model/recording.ts';
import { partFile } from '../../shared/record/parts.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { findOwned, type SessionRow } from '../live/session-store.ts';
import type { OwnedResource } from '../policy/policy.ts';
import { factsFor, mayBeside, notReviewed, reviewFactsOf } from '../review/review-facts.ts';
import { recordingNotFound } from './ingest.ts';
import type { ObjectStore } from './object-store.ts';
import { storedReceipts } from './receipts.ts';
import { decideRecordings, unlocks } from './rights.ts';
import { type RecordingFacts, toRecordingView } from './views.ts';

const streams: readonly KeyedStream[] = ['output', 'input', 'text'];

interface Found {
  session: SessionRow;
  resource: OwnedResource;
}

/** The first row of each session. */
function bySession<T extends { session_id: string }>(rows: readonly T[]): (sessionId: string) => T | null {
  const of = new Map(rows.toReversed().map((row) => [row.session_id, row]));
  return (sessionId) => of.get(sessionId) ?? null;
}

/** What the store knows about each of these sessions, in their order. */
export async function factsOf(core: CoreContext, sessions: SessionRow[]): Promise<RecordingFacts[]> {
  if (sessions.length === 0) return [];
  const ids = sessions.map((session) => session.id);
  const db = core.reader;
  const segments = await db
    .selectFrom('recording_segments')
    .select(['session_id', 'stream', 'seq', 'sha256', 'bytes', 'stored_at'])
    .where('session_id', 'in', ids)
    .orderBy('stream', 'desc')
    .orderBy('seq')
    .execute();
  const manifests = await db
    .selectFrom('recording_manifests')
    .select(['session_id', 'ended', 'end_reason', 'started_at', 'ended_at', 'anchors'])
    .where('session_id', 'in', ids)
    .execute();
  const journals = await db.selectFrom('recording_journals').selectAll().where('session_id', 'in', ids).execute();
  const wires = await db.selectFrom('wires').selectAll().where('session_id', 'in', ids).execute();
  const tails = await db
    .selectFrom('journal_tails')
    .select(['session_id', 'updated_at'])
    .where('session_id', 'in', ids)
    .where((eb) => eb('frames_output', '+', eb.ref('frames_input')), '>', 0)
    .execute();
  const orders = await db
    .selectFrom('orders')
    .select(['session_id', 'by_name'])
    .where('session_id', 'in', ids)
    .execute();
  const [manifestOf, journalOf, wireOf] = [bySession(manifests), bySession(journals), bySession(wires)];
  const [tailOf, orderOf] = [bySession(tails), bySession(orders)];
  const segmentsOf = Map.groupBy(segments, (row) => row.session_id);
  return sessions.map((session) => ({
    session,
    segments: segmentsOf.get(session.id) ?? [],
    manifest: manifestOf(session.id),
    journal: journalOf(session.id),
    wire: wireOf(session.id),
    tail: tailOf(session.id),
    orderedBy: orderOf(session.id)?.by_name ?? null,
  }));
}

/** What this person is told of each of these, in their order. */
export async function viewsOf(core: CoreContext, actor: Actor, sessions: SessionRow[]): Promise<RecordingView[]> {
  const facts = await factsOf(core, sessions);
  const reviews = await reviewFactsOf(
    core.reader,
    sessions.map(({ id }) => id),
  );
  const decided = await decideRecordings(core, actor, sessions, (resource) => [
    { action: 'ReviewRecording', resource },
    { action: 'HoldRecording', resource },
    ...unlocks(resource, streams),
  ]);
  const now = core.clock.now();
  return facts.map((fact, index) => {
    const [review, hold, ...opens] = decided[index] ?? [];
    const mayUnlock = streams.filter((_, at) => opens[at] === true);
    const may = mayBeside(actor, fact.session.user_id, { review, hold });
    const told = factsFor(actor, fact.session.user_id, reviews.get(fact.session.id) ?? notReviewed);
    return toRecordingView(fact, now, mayUnlock, { ...told, may });
  });
}

/** Throws SP-3001 when there is none, or none that `action` permits: both look the same. */
export async function findReadable(
  core: CoreContext,
  actor: Actor,
  sessionId: string,
  action: 'ListRecordings' | 'ReadRecording' = 'ReadRecording',
): Promise<Found> {
  const found = await findOwned(core.reader, sessionId);
  if (found === null || !(await core.policy.decide(actor, { action, resource: found.resource })).allowed)
    throw recordingNotFound();
  return found;
}

export async function getRecording(core: CoreContext, actor: Actor, sessionId: string): Promise<RecordingView> {
  const found = await findReadable(core, actor, sessionId, 'ListRecordings');
  const [view] = await viewsOf(core, actor, [found.session]);
  if (view === undefined) throw recordingNotFound();
  return view;
}

export function notStoredYet(what: string): SallyportError {
  return new SallyportError(
    'SP-3032',
    `${what} of this recording is not stored yet. It comes when its launcher is online; try again later.`,
  );
}

/** Manifest, signature, receipts and keys: what anyone needs to verify. The read is an audit event. Throws SP-3001, SP-3032. */
export async function getManifest(core: CoreContext, actor: Actor, sessionId: string) {
  const { session } = await findReadable(core, actor, sessionId, 'ReadRecording');
  const db = core.reader;
  const manifest = await db
    .selectFrom('recording_manifests')
    .selectAll()
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  if (manifest === undefined) throw notStoredYet('The manifest');
  const receipts = await storedReceipts(db, sessionId);
  const device = await db
    .selectFrom('devices')
    .select('public_key')
    .where('id', '=', session.device_id)
    .executeTakeFirstOrThrow();
  await core.audit.record({
    event: 'recording.read',
    actor: actor.userId,
    subject: sessionId,
    detail: { part: 'manifest' },
  });
  return {
    manifest: manifest.text,
    signature: manifest.signature,
    receipts,
    grant: { payload: session.grant_payload, signature: session.grant_signature },
    sessionKey: session.session_key,
    sessionKeyCertificate: session.session_key_certificate,
    deviceId: session.device_id,
    deviceKey: device.public_key,
    serverKey: core.signer.publicKey,
  };
}

export interface ReadParts {
  core: CoreContext;
  store: ObjectStore;
}

export async function auditRead(core: CoreContext, actor: Actor, sessionId: string, part: string): Promise<void> {
  await core.audit.record({ event: 'recording.read', actor: actor.userId, subject: sessionId, detail: { part } });
}

/** The stored bytes of a segment, still sealed. The read is an audit event. Throws SP-3001, SP-3032. */
export async function getSegment(
  { core, store }: ReadParts,
  actor: Actor,
  sessionId: string,
  part: { stream: PartKind; seq: number },
): Promise<Buffer> {
  await findReadable(core, actor, sessionId, 'ReadRecording');
  const file = partFile(part.stream, part.seq);
  const bytes = await store.get(`${sessionId}/${file}`);
  if (bytes === null) throw notStoredYet(`Segment ${part.seq}`);
  await auditRead(core, actor, sessionId, file);
  return bytes;
}

/** The stored journal, still sealed, as a stream: it may be larger than memory. The read is an audit event. Throws SP-3001, SP-3032. */
export async function getJournal(
  { core, store }: ReadParts,
  actor: Actor,
  sessionId: string,
): Promise<{ bytes: number; stream: Readable }> {
  await findReadable(core, actor, sessionId, 'ReadRecording');
  const found = await store.open(`${sessionId}/journal`);
  if (found === null) throw notStoredYet('The journal');
  try {
    await auditRead(core, actor, sessionId, 'journal');
  } catch (error) {
    found.stream.destroy();
    throw error;
  }
  return found;
}
