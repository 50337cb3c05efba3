import { randomUUID } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Notes } from '../../shared/protocol/review-api.ts';
import type { Actor } from '../actor.ts';
import { byOf, type PutBeside, putBeside } from './put-beside.ts';

/** Of one person in one recording: enough for whoever means it. */
const bookmarksAtMost = 500;

/** Whoever may read a recording may find a moment again. Throws SP-3001, SP-5005. */
export function addBookmark(
  parts: PutBeside,
  actor: Actor,
  sessionId: string,
  { atMs, text }: { atMs: number; text: string },
): Promise<Notes> {
  return putBeside(parts, actor, { sessionId, right: null }, async (trx) => {
    const { count } = await trx
      .selectFrom('recording_bookmarks')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('session_id', '=', sessionId)
      .where('by_id', '=', actor.userId)
      .executeTakeFirstOrThrow();
    if (Number(count) >= bookmarksAtMost)
      throw new SallyportError(
        'SP-5005',
        `You have ${bookmarksAtMost} bookmarks in this recording, which is as many as it takes. Remove one first.`,
      );
    const id = randomUUID();
    await trx
      .insertInto('recording_bookmarks')
      .values({ id, session_id: sessionId, at_ms: atMs, text, ...byOf(actor), at: parts.core.clock.now() })
      .execute();
    return { event: 'recording.bookmarked', detail: { bookmark: id, atMs } };
  });
}

/** One's own only. Throws SP-3001, SP-5002, SP-5003. */
export function removeBookmark(parts: PutBeside, actor: Actor, sessionId: string, bookmarkId: string): Promise<Notes> {
  return putBeside(parts, actor, { sessionId, right: null }, async (trx) => {
    const found = await trx
      .selectFrom('recording_bookmarks')
      .select(['by_id', 'by_name', 'at_ms'])
      .where('id', '=', bookmarkId)
      .where('session_id', '=', sessionId)
      .executeTakeFirst();
    if (found === undefined)
      throw new SallyportError('SP-5002', 'There is no such bookmark in this recording. Load its notes again.');
    if (found.by_id !== actor.userId)
      throw new SallyportError(
        'SP-5003',
        `This bookmark is ${found.by_name}'s: only who set it removes it. Nothing was changed.`,
      );
    await trx.deleteFrom('recording_bookmarks').where('id', '=', bookmarkId).execute();
    return { event: 'recording.bookmark-removed', detail: { bookmark: bookmarkId, atMs: found.at_ms } };
  });
}
