import type { z } from 'zod';
import type { findingBodySchema, Notes, reviewApi } from '../../shared/protocol/review-api.ts';
import type { Actor } from '../actor.ts';
import type { CoreContext } from '../context.ts';
import { addBookmark, removeBookmark } from './bookmarks.ts';
import { noteExport } from './exports.ts';
import { addFinding, changeFinding } from './findings.ts';
import { getNotes } from './notes.ts';
import { setHold, setReviewed } from './standing.ts';

/** What people put beside recordings. None of it changes a recording. */
export function makeReview(parts: { core: CoreContext; onChange(): void }) {
  const { core } = parts;
  return {
    notes: (actor: Actor, sessionId: string): Promise<Notes> => getNotes(core, actor, sessionId),
    addBookmark: (actor: Actor, sessionId: string, body: z.output<typeof reviewApi.addBookmark.body>) =>
      addBookmark(parts, actor, sessionId, body),
    removeBookmark: (actor: Actor, of: { sessionId: string; bookmarkId: string }) =>
      removeBookmark(parts, actor, of.sessionId, of.bookmarkId),
    addFinding: (actor: Actor, sessionId: string, body: z.output<typeof findingBodySchema>) =>
      addFinding(parts, actor, sessionId, body),
    changeFinding: (
      actor: Actor,
      of: { sessionId: string; findingId: string },
      changes: z.output<typeof reviewApi.changeFinding.body>,
    ) => changeFinding(parts, actor, of, changes),
    setReviewed: (actor: Actor, sessionId: string, body: z.output<typeof reviewApi.setReviewed.body>) =>
      setReviewed(parts, actor, sessionId, body),
    setHold: (actor: Actor, sessionId: string, body: z.output<typeof reviewApi.setHold.body>) =>
      setHold(parts, actor, sessionId, body),
    noteExport: (actor: Actor, sessionId: string, body: z.output<typeof reviewApi.noteExport.body>) =>
      noteExport(core, actor, sessionId, body),
  };
}

export type Review = ReturnType<typeof makeReview>;
