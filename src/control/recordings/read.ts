import type { Readable } from 'node:stream';
import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream, PartKind, RecordingView } from '../../shared/model/recording.ts';
import { partFile } from '../../shared/record/parts.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { findOwned, ownedResource, type SessionRow } from '../live/session-store.ts';
import type { OwnedResource } from '../policy/policy.ts';
import { recordingNotFound } from './ingest.ts';
import type { ObjectStore } from './object-store.ts';
import { storedReceipts } from './receipts.ts';
import { type RecordingFacts, toRecordingView } from './views.ts';

const streams: readonly KeyedStream[] = ['output', 'input', 'text'];

/** How many sessions are looked at to fill a list: beyond it a person with few rights sees the newest of theirs only. */
const scanLimit = 5000;

interface Found {
  session: SessionRow;
  resource: OwnedResource;
}

/** What the store knows about each of these sessions, in their order. */
export async function factsOf(core: CoreContext, sessions: SessionRow[]): Promise<RecordingFacts[]> {
  if (sessions.length === 0) return [];
  const ids = sessions.map((session) => session.id);
  const db = core.reader;
  const segments = await db
    .selectFrom('recording_segments')
    .selectAll()
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
  const segmentsOf = Map.groupBy(segments, (row) => row.session_id);
  return sessions.map((session) => ({
    session,
    segments: segmentsOf.get(session.id) ?? [],
    manifest: manifests.find((row) => row.session_id === session.id) ?? null,
    journal: journals.find((row) => row.session_id === session.id) ?? null,
    wire: wires.find((row) => row.session_id === session.id) ?? null,
    tail: tails.find((row) => row.session_id === session.id) ?? null,
    orderedBy: orders.find((row) => row.session_id === session.id)?.by_name ?? null,
  }));
}

async function viewsOf(core: CoreContext, actor: Actor, found: Found[]): Promise<RecordingView[]> {
  const facts = await factsOf(
    core,
    found.map(({ session }) => session),
  );
  const decisions = await core.policy.decideMany(
    actor,
    found.flatMap(({ resource }) =>
      streams.map((stream) => ({ action: 'UnlockRecording' as const, resource, context: { stream } })),
    ),
  );
  const now = core.clock.now();
  return facts.map((fact, index) => {
    const mayUnlock = streams.filter((_, at) => decisions[index * streams.length + at]?.allowed === true);
    return toRecordingView(fact, now, mayUnlock);
  });
}

/** Recordings this person may list, newest first. Sessions that were registered and of which nothing came are among them. */
export async function listRecordings(core: CoreContext, actor: Actor, limit: number): Promise<RecordingView[]> {
  const db = core.reader;
  const newest = await db
    .selectFrom('sessions')
    .select(['id', 'user_id', 'target_id', 'login'])
    .orderBy('granted_at', 'desc')
    .limit(scanLimit)
    .execute();
  const targets = new Map((await db.selectFrom('targets').selectAll().execute()).map((row) => [row.id, row]));
  const all = newest.flatMap((session) => {
    const target = targets.get(session.target_id);
    return target === undefined ? [] : [ownedResource(session, target)];
  });
  const decisions = await core.policy.decideMany(
    actor,
    all.map((resource) => ({ action: 'ListRecordings' as const, resource })),
  );
  const permitted = all.filter((_, index) => decisions[index]?.allowed === true).slice(0, limit);
  if (permitted.length === 0) return [];
  const ids = permitted.map(({ id }) => id);
  // Grants are large: only those of the page are read.
  const sessions = await db.selectFrom('sessions').selectAll().where('id', 'in', ids).execute();
  const sessionOf = new Map(sessions.map((session) => [session.id, session]));
  const found = permitted.flatMap((resource) => {
    const session = sessionOf.get(resource.id);
    return session === undefined ? [] : [{ session, resource }];
  });
  return viewsOf(core, actor, found);
}

/** Throws SP-3001 when there is none, or none that `action` permits: both look the same. */
export async function findReadable(
  core: CoreContext,
  actor: Actor,
  sessionId: string,
  action: 'ListRecordings' | 'ReadRecording',
): Promise<Found> {
  const found = await findOwned(core.reader, sessionId);
  if (found === null || !(await core.policy.decide(actor, { action, resource: found.resource })).allowed)
    throw recordingNotFound();
  return found;
}

export async function getRecording(core: CoreContext, actor: Actor, sessionId: string): Promise<RecordingView> {
  const found = await findReadable(core, actor, sessionId, 'ListRecordings');
  const [view] = await viewsOf(core, actor, [found]);
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
