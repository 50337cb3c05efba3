import { createHash } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';
import type { PartKind } from '../../shared/model/recording.ts';
import { anchorBytesAtMost } from '../../shared/record/anchors.ts';
import { partFile } from '../../shared/record/parts.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext, Reader } from '../context.ts';
import { findSession, type SessionRow } from '../live/session-store.ts';
import { hold } from '../store/locks.ts';
import { checkContentDigest, checkDigest, statedDigest } from './content-digest.ts';
import type { ObjectStore, Received } from './object-store.ts';

export interface Stored {
  sha256: string;
  storedAt: string;
}

/** What ingest needs; `queue` runs the work of one recording in order within this process, which spares the database most waiting. */
export interface IngestParts {
  core: CoreContext;
  store: ObjectStore;
  queue<T>(sessionId: string, work: () => Promise<T>): Promise<T>;
}

export function recordingNotFound(): SallyportError {
  return new SallyportError('SP-3001', 'There is no such recording among those you may see. Reload the list.');
}

/**
 * The session, when `actor` is on a device of the person who had it: the one that recorded it, or the one that the same machine became with a new
 * enrolment. What it sends is held against the keys of the session and of the device that recorded. Throws SP-3001 for everyone else: its
 * existence is not told.
 */
export async function ownRecording(core: CoreContext, actor: Actor, sessionId: string): Promise<SessionRow> {
  const session = await findSession(core.reader, sessionId);
  if (session === null || actor.device === null || session.user_id !== actor.userId) throw recordingNotFound();
  return session;
}

async function conflict(
  parts: IngestParts,
  actor: Actor,
  sessionId: string,
  detail: Record<string, unknown>,
): Promise<SallyportError> {
  await parts.core.audit.record({
    event: 'recording.segment-conflict',
    actor: actor.userId,
    subject: sessionId,
    detail: { device: actor.device?.id, ...detail },
  });
  return new SallyportError(
    'SP-3021',
    'Other bytes are stored under this name already. Nothing was replaced, and the difference was reported. Keep the local copy: someone has to look at both.',
  );
}

/**
 * Stores one sealed segment or an anchor. The same bytes again are fine at any time. Throws SP-3020 (digest), SP-3021 (other bytes are stored; an alert), SP-3022
 * (not the next one), SP-3024 (the recording is finished), SP-5001 (empty), SP-5005 (too large for what it is).
 */
export function putSegment(
  parts: IngestParts,
  actor: Actor,
  segment: {
    sessionId: string;
    stream: PartKind;
    seq: number;
    digestHeader: string | string[] | undefined;
    body: Buffer;
  },
): Promise<Stored> {
  const { core, store, queue } = parts;
  const { sessionId, stream, seq, body } = segment;
  return queue(sessionId, async () => {
    await ownRecording(core, actor, sessionId);
    const sha256 = checkContentDigest(segment.digestHeader, body);
    if (body.length === 0) throw new SallyportError('SP-5001', 'A segment cannot be empty. Nothing was stored.');
    if (stream === 'anchor' && body.length > anchorBytesAtMost) {
      throw new SallyportError(
        'SP-5005',
        `An anchor has at most ${anchorBytesAtMost} bytes; this has ${body.length}. Nothing was stored.`,
      );
    }
    const known = await storedOrNext(core.reader, segment);
    if (known !== null) {
      if (known.sha256 === sha256) return { sha256, storedAt: known.stored_at.toISOString() };
      throw await conflict(parts, actor, sessionId, { stream, seq, stored: known.sha256, sent: sha256 });
    }
    const key = `${sessionId}/${partFile(stream, seq)}`;
    if (!(await store.putIfAbsent(key, body))) {
      // Stored by a try whose row was never written: it counts when it is the same.
      const present = await store.get(key);
      if (present === null || createHash('sha256').update(present).digest('hex') !== sha256) {
        throw await conflict(parts, actor, sessionId, { stream, seq, sent: sha256 });
      }
    }
    const values = { session_id: sessionId, stream, seq, sha256, bytes: body.length, stored_at: core.clock.now() };
    const row = await core.writer.transaction().execute(async (trx) => {
      await hold(trx, { kind: 'recording', sessionId });
      // By another server since: the bytes under the key are the same, or this would not have come here.
      const meanwhile = await storedOrNext(trx, segment);
      if (meanwhile !== null) return meanwhile;
      return trx.insertInto('recording_segments').values(values).returningAll().executeTakeFirstOrThrow();
    });
    if (row.sha256 !== sha256)
      throw await conflict(parts, actor, sessionId, { stream, seq, stored: row.sha256, sent: sha256 });
    return { sha256, storedAt: row.stored_at.toISOString() };
  });
}

/** The row of that segment; null when it is the next one. Throws SP-3022 when its turn has not come, SP-3024 when there is no next one. */
async function storedOrNext(
  db: Reader,
  segment: { sessionId: string; stream: PartKind; seq: number },
): Promise<{ sha256: string; stored_at: Date } | null> {
  const { sessionId, stream, seq } = segment;
  const rows = await db
    .selectFrom('recording_segments')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('stream', '=', stream)
    .where('seq', 'in', [seq, seq - 1])
    .execute();
  const same = rows.find((row) => row.seq === seq);
  if (same !== undefined) return same;
  await refuseFinished(db, sessionId);
  if (seq === 0 || rows.length > 0) return null;
  throw new SallyportError(
    'SP-3022',
    `Segment ${seq} of the ${stream} stream came before segment ${seq - 1} is stored. Send the missing ones first.`,
    { facts: { stream, seq: String(seq) } },
  );
}

async function refuseFinished(db: Reader, sessionId: string): Promise<void> {
  const manifest = await db
    .selectFrom('recording_manifests')
    .select('ended')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  if (manifest?.ended === true) {
    throw new SallyportError(
      'SP-3024',
      'This recording is finished: its manifest has its end and takes no more. Nothing was stored.',
    );
  }
}

/** A journal is the last that comes of a session. While one runs it would stand for what is still to come. */
function refuseRunning(session: SessionRow): void {
  const mayRun = session.opened_at ?? session.login_signed_at ?? session.relayed_at;
  if (session.ended_at !== null || mayRun === null) return;
  throw new SallyportError(
    'SP-3025',
    'This session has not ended yet, as far as the control server knows, so its journal was not stored. Send it again when the session is over; the launcher does so by itself.',
  );
}

/** What is stored under a key, as its digest; null when nothing is. */
async function storedDigest(store: ObjectStore, key: string): Promise<string | null> {
  const found = await store.open(key);
  if (found === null) return null;
  const hash = createHash('sha256');
  for await (const chunk of found.stream) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

/**
 * Stores the journal of a session whose process died, once, as it comes. It makes the recording incomplete, for the reason given. Throws SP-3020,
 * SP-3021, SP-3024, SP-3025 (it has not ended), SP-5001, SP-5005.
 */
export function putJournal(
  parts: IngestParts,
  actor: Actor,
  journal: {
    sessionId: string;
    because: string;
    digestHeader: string | string[] | undefined;
    body: AsyncIterable<Uint8Array>;
    maxBytes: number;
  },
): Promise<Stored> {
  const { core, store, queue } = parts;
  const { sessionId, because } = journal;
  return queue(sessionId, async () => {
    const session = await ownRecording(core, actor, sessionId);
    refuseRunning(session);
    const stated = statedDigest(journal.digestHeader);
    const received = await store.receive(journal.body, journal.maxBytes);
    try {
      return await keepJournal(parts, actor, { session, because, stated, received });
    } finally {
      await received.discard();
    }
  });
}

async function keepJournal(
  parts: IngestParts,
  actor: Actor,
  journal: { session: SessionRow; because: string; stated: string; received: Received },
): Promise<Stored> {
  const { core, store } = parts;
  const { session, because, received } = journal;
  const { sha256, bytes } = received;
  checkDigest(journal.stated, sha256);
  if (bytes === 0) throw new SallyportError('SP-5001', 'A journal cannot be empty. Nothing was stored.');
  const row = await core.reader
    .selectFrom('recording_journals')
    .selectAll()
    .where('session_id', '=', session.id)
    .executeTakeFirst();
  if (row !== undefined) {
    if (row.sha256 === sha256) return { sha256, storedAt: row.stored_at.toISOString() };
    throw await conflict(parts, actor, session.id, { journal: true, stored: row.sha256, sent: sha256 });
  }
  await refuseFinished(core.reader, session.id);
  const key = `${session.id}/journal`;
  // Stored by a try whose row was never written: it counts when it is the same.
  if (!(await received.keepAs(key)) && (await storedDigest(store, key)) !== sha256)
    throw await conflict(parts, actor, session.id, { journal: true, sent: sha256 });
  const values = { session_id: session.id, sha256, bytes, because, stored_at: core.clock.now() };
  const { storedAt, writeAuditLine } = await core.writer.transaction().execute(async (trx) => {
    await hold(trx, { kind: 'recording', sessionId: session.id });
    const meanwhile = await trx
      .selectFrom('recording_journals')
      .select('stored_at')
      .where('session_id', '=', session.id)
      .executeTakeFirst();
    // By another server since: the bytes under the key are the same, or this would not have come here.
    if (meanwhile !== undefined) return { storedAt: meanwhile.stored_at, writeAuditLine: null };
    await refuseFinished(trx, session.id);
    await trx.insertInto('recording_journals').values(values).execute();
    const line = await core.audit.recordWithin(trx, {
      event: 'recording.incomplete',
      actor: session.user_id,
      subject: session.id,
      detail: { because, bytes, device: actor.device?.id ?? null },
    });
    return { storedAt: values.stored_at, writeAuditLine: line };
  });
  await writeAuditLine?.();
  return { sha256, storedAt: storedAt.toISOString() };
}
