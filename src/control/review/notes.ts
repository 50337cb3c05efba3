import type { Notes } from '../../shared/protocol/review-api.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import type { OwnedResource } from '../policy/policy.ts';
import { findReadable } from '../recordings/read.ts';
import { factsFor, mayBeside, notReviewed, reviewFactsOf } from './review-facts.ts';

/** What people put beside a recording, in the order of its moments; whose recording it is, is told of their own bookmarks only. */
export async function notesOf(core: CoreContext, actor: Actor, resource: OwnedResource): Promise<Notes> {
  const db = core.reader;
  const { id } = resource;
  const bookmarks = await db
    .selectFrom('recording_bookmarks')
    .selectAll()
    .where('session_id', '=', id)
    .orderBy('at_ms')
    .orderBy('at')
    .execute();
  const findings = await db
    .selectFrom('recording_findings')
    .selectAll()
    .where('session_id', '=', id)
    .orderBy('at_ms')
    .orderBy('at')
    .execute();
  const facts = (await reviewFactsOf(db, [id])).get(id) ?? notReviewed;
  const [review, hold] = await core.policy.decideMany(actor, [
    { action: 'ReviewRecording', resource },
    { action: 'HoldRecording', resource },
  ]);
  const isOwn = actor.userId === resource.ownerId;
  const told = isOwn ? bookmarks.filter((row) => row.by_id === actor.userId) : bookmarks;
  return {
    bookmarks: told.map((row) => ({
      id: row.id,
      atMs: row.at_ms,
      text: row.text,
      by: { id: row.by_id, name: row.by_name },
      at: row.at.toISOString(),
      mine: row.by_id === actor.userId,
    })),
    findings: (isOwn ? [] : findings).map((row) => ({
      id: row.id,
      atMs: row.at_ms,
      title: row.title,
      note: row.note,
      severity: row.severity,
      state: row.state,
      by: { id: row.by_id, name: row.by_name },
      at: row.at.toISOString(),
      changed:
        row.changed_at === null
          ? null
          : {
              by: { id: row.changed_by ?? '', name: row.changed_by_name ?? '' },
              at: row.changed_at.toISOString(),
            },
    })),
    review: {
      ...factsFor(actor, resource.ownerId, facts),
      ...(isOwn ? { bookmarks: told.length } : {}),
      may: mayBeside(actor, resource.ownerId, { review: review?.allowed, hold: hold?.allowed }),
    },
  };
}

/** Throws SP-3001. */
export async function getNotes(core: CoreContext, actor: Actor, sessionId: string): Promise<Notes> {
  const { resource } = await findReadable(core, actor, sessionId);
  return notesOf(core, actor, resource);
}
