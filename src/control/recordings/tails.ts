import type { Selectable, Transaction } from 'kysely';
import { parseManifest } from '../../recording/manifest/parse-manifest.ts';
import type { Stream } from '../../shared/model/recording.ts';
import type { JournalPiece } from '../../shared/protocol/journal-frames.ts';
import type { CoreContext, Reader } from '../context.ts';
import type { Database } from '../store/database.ts';
import { hold } from '../store/locks.ts';
import type { JournalTailTable } from '../store/session-tables.ts';
import { firstPlace, followFrames, isNotBehind, type JournalPlace, readHeaderPiece } from './tail-frames.ts';
import { type Held, holdAgainst, type TailFault } from './tail-held.ts';

/** What is kept of one journal at most. A flood fills it before its segments are stored: the rest of that flood is in segments only, a few seconds later. */
export const tailBytesAtMost = 33_554_432;

/** A piece that no honest launcher sends. */
export class MalformedPiece extends Error {}

/** What became of a piece: acknowledged up to here, or not kept (null). */
export type Taken = number | null;

export interface JournalTails {
  /** How far the journal of this session is acknowledged. */
  position(sessionId: string): Promise<number>;
  /** Keeps a piece of a session that is this launcher's. Resolves when it is committed. Throws `MalformedPiece`. */
  take(session: { id: string; serverNonce: string }, piece: JournalPiece): Promise<Taken>;
  /** A manifest was stored: what its segments cover need not be kept twice. Resolves to what it lacks of what is held, when it has an end. */
  covered(sessionId: string, manifest: string): Promise<TailFault | null>;
  /** A journal was stored. What is held goes where that has all of it, and stays otherwise: then this resolves to what is wrong with the journal. */
  replaced(sessionId: string, journal: () => Promise<AsyncIterable<Uint8Array>>): Promise<TailFault | null>;
}

type Counts = Record<Stream, number>;

/** Frames of each stream that the segments of the stored manifest cover. */
async function coveredFrames(db: Reader, sessionId: string): Promise<Counts> {
  const row = await db
    .selectFrom('recording_manifests')
    .select('text')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return row === undefined ? { output: 0, input: 0 } : framesIn(row.text).frames;
}

function framesIn(text: string): { frames: Counts; ended: boolean } {
  const manifest = parseManifest(text);
  const frames: Counts = { output: 0, input: 0 };
  for (const { stream, frames: of } of manifest.segments)
    if (stream !== 'text') frames[stream] = Math.max(frames[stream], of);
  return { frames, ended: manifest.end !== null };
}

function covers(stored: Counts, frames: Counts): boolean {
  return stored.output >= frames.output && stored.input >= frames.input;
}

/** Whether there is no more to come: then what is not held is stored. */
async function isOver(db: Reader, sessionId: string): Promise<boolean> {
  const journal = await db
    .selectFrom('recording_journals')
    .innerJoin('sessions', 'sessions.id', 'recording_journals.session_id')
    .select('session_id')
    .where('session_id', '=', sessionId)
    .where('sessions.ended_at', 'is not', null)
    .executeTakeFirst();
  if (journal !== undefined) return true;
  const manifest = await db
    .selectFrom('recording_manifests')
    .select('ended')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return manifest?.ended === true;
}

function placeOf(row: Selectable<JournalTailTable>): JournalPlace {
  return {
    frames: { output: row.frames_output, input: row.frames_input },
    bytes: { output: row.bytes_output, input: row.bytes_input },
    epoch: row.epoch,
    chain: row.chain,
  };
}

async function begin(
  trx: Transaction<Database>,
  session: { id: string; serverNonce: string },
  { offset, bytes }: JournalPiece,
  at: Date,
): Promise<Taken> {
  // What comes before its beginning is asked for again.
  if (offset !== 0) return null;
  const header = readHeaderPiece(bytes);
  if (typeof header === 'string') throw new MalformedPiece(header);
  if (header.session !== session.id || header.serverNonce !== session.serverNonce)
    throw new MalformedPiece('a journal of another session');
  const { chain } = firstPlace(bytes);
  await trx
    .insertInto('journal_tails')
    .values({
      session_id: session.id,
      header: Buffer.from(bytes),
      position: bytes.length,
      kept_bytes: 0,
      chain,
      updated_at: at,
    })
    .execute();
  return bytes.length;
}

async function goOn(
  trx: Transaction<Database>,
  tail: Selectable<JournalTailTable>,
  piece: JournalPiece,
  how: { at: Date; bytesAtMost: number },
): Promise<Taken> {
  const { offset } = piece;
  const end = offset + piece.bytes.length;
  if (end <= tail.position) return tail.position;
  const from = Math.max(offset, tail.position);
  const bytes = piece.bytes.subarray(from - offset);
  const isNext = from === tail.position;
  const followed = followFrames(isNext ? placeOf(tail) : null, bytes);
  if (typeof followed === 'string') {
    // Without its beginning nothing can be said of it: what comes before it may just not have been kept.
    if (!isNext && followed === 'frames whose beginning is missing') return null;
    throw new MalformedPiece(followed);
  }
  const { begins, place, runs } = followed;
  if (!isNext) {
    // What is held goes for it. So it must come after all of that, and all of that must be stored.
    if (!isNotBehind(begins, placeOf(tail))) throw new MalformedPiece('keys of a place that it has passed already');
    const covered = await coveredFrames(trx, tail.session_id);
    if (!covers(covered, begins.frames)) return null;
    await trx.deleteFrom('journal_tail_pieces').where('session_id', '=', tail.session_id).execute();
  }
  const keptBytes = (isNext ? tail.kept_bytes : 0) + bytes.length;
  if (keptBytes > how.bytesAtMost) return null;
  await trx
    .insertInto('journal_tail_pieces')
    .values(
      runs.map((run) => ({
        session_id: tail.session_id,
        at: from + run.at,
        bytes: Buffer.from(run.bytes),
        keys: run.keys,
        frames_output: run.frames.output,
        frames_input: run.frames.input,
      })),
    )
    .execute();
  await trx
    .updateTable('journal_tails')
    .set({
      position: end,
      kept_bytes: keptBytes,
      frames_output: place.frames.output,
      frames_input: place.frames.input,
      bytes_output: place.bytes.output,
      bytes_input: place.bytes.input,
      epoch: place.epoch,
      chain: place.chain,
      updated_at: how.at,
    })
    .where('session_id', '=', tail.session_id)
    .execute();
  return end;
}

/** The tails of journals: what running sessions have recorded and is not in stored segments yet. All of it is in the database, so any process may take a piece. */
export function makeJournalTails(core: CoreContext, bytesAtMost = tailBytesAtMost): JournalTails {
  async function dropWithin(trx: Transaction<Database>, sessionId: string): Promise<void> {
    await trx.deleteFrom('journal_tails').where('session_id', '=', sessionId).execute();
  }

  return {
    async position(sessionId) {
      const row = await core.reader
        .selectFrom('journal_tails')
        .select('position')
        .where('session_id', '=', sessionId)
        .executeTakeFirst();
      return row?.position ?? 0;
    },
    take: (session, piece) =>
      core.writer.transaction().execute(async (trx) => {
        await hold(trx, { kind: 'recording', sessionId: session.id });
        const tail = await trx
          .selectFrom('journal_tails')
          .selectAll()
          .where('session_id', '=', session.id)
          .executeTakeFirst();
        // A piece that was still on its way when the rest was stored is answered. Where something is held because nothing else has it, all goes on.
        if (tail === undefined && (await isOver(trx, session.id))) return piece.offset + piece.bytes.length;
        const at = core.clock.now();
        return tail === undefined ? begin(trx, session, piece, at) : goOn(trx, tail, piece, { at, bytesAtMost });
      }),
    covered: (sessionId, manifest) =>
      core.writer.transaction().execute(async (trx) => {
        await hold(trx, { kind: 'recording', sessionId });
        const { frames, ended } = framesIn(manifest);
        const tail = await trx
          .selectFrom('journal_tails')
          .selectAll()
          .where('session_id', '=', sessionId)
          .executeTakeFirst();
        if (tail === undefined) return null;
        if (ended) {
          const held = placeOf(tail).frames;
          // An end is the session's word, and so is what it leaves out.
          if (!covers(frames, held)) return { fault: 'shorter', held, sent: frames };
          await dropWithin(trx, sessionId);
          return null;
        }
        const from = await trx
          .selectFrom('journal_tail_pieces')
          .select('at')
          .where('session_id', '=', sessionId)
          .where('keys', '=', true)
          .where('frames_output', '<=', frames.output)
          .where('frames_input', '<=', frames.input)
          .orderBy('at', 'desc')
          .limit(1)
          .executeTakeFirst();
        if (from === undefined) return null;
        await trx
          .deleteFrom('journal_tail_pieces')
          .where('session_id', '=', sessionId)
          .where('at', '<', from.at)
          .execute();
        // One piece follows the other, so what is kept is what lies between.
        await trx
          .updateTable('journal_tails')
          .set((eb) => ({ kept_bytes: eb('position', '-', from.at) }))
          .where('session_id', '=', sessionId)
          .execute();
        return null;
      }),
    async replaced(sessionId, journal) {
      for (;;) {
        const held = await readHeld(core.reader, sessionId);
        if (held === null) return null;
        const fault = await holdAgainst(held, await journal());
        if (fault !== null) return fault;
        const isGone = await core.writer.transaction().execute(async (trx) => {
          await hold(trx, { kind: 'recording', sessionId });
          const { numDeletedRows } = await trx
            .deleteFrom('journal_tails')
            .where('session_id', '=', sessionId)
            .where('position', '=', held.position)
            .executeTakeFirst();
          return numDeletedRows > 0n;
        });
        // More came in between: that is looked at too.
        if (isGone) return null;
      }
    },
  };
}

async function readHeld(db: Reader, sessionId: string): Promise<Held | null> {
  const tail = await db
    .selectFrom('journal_tails')
    .select(['header', 'position'])
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  if (tail === undefined) return null;
  const pieces = await db
    .selectFrom('journal_tail_pieces')
    .select(['at', 'bytes'])
    .where('session_id', '=', sessionId)
    .orderBy('at')
    .execute();
  return { ...tail, pieces };
}

/** The header line and every piece that is kept, in order; null when nothing is. */
export async function readTail(db: Reader, sessionId: string): Promise<Buffer | null> {
  const held = await readHeld(db, sessionId);
  return held === null ? null : Buffer.concat([held.header, ...held.pieces.map(({ bytes }) => bytes)]);
}
