import { z } from 'zod';

/** What people put beside a recording when they review it. None of it changes the recording. */
const who = z.object({ id: z.string(), name: z.string() });

/** A moment that someone wants to find again. */
export const bookmarkSchema = z.object({
  id: z.string(),
  /** Milliseconds since the start of the recording. */
  atMs: z.number().int().nonnegative(),
  text: z.string(),
  by: who,
  at: z.string(),
  /** The asking person may remove it. */
  mine: z.boolean(),
});
export type Bookmark = z.infer<typeof bookmarkSchema>;

export const severitySchema = z.enum(['low', 'medium', 'high']);
export type Severity = z.infer<typeof severitySchema>;

/** Something that a reviewer found. `closed`: dealt with, or nothing to deal with; the note says which. */
export const findingSchema = z.object({
  id: z.string(),
  atMs: z.number().int().nonnegative(),
  title: z.string(),
  note: z.string(),
  severity: severitySchema,
  state: z.enum(['open', 'closed']),
  by: who,
  at: z.string(),
  /** Who changed it last, if anybody did. */
  changed: z.object({ by: who, at: z.string() }).nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

/** The state of a recording's review, as the list shows it. */
export const reviewStateSchema = z.object({
  /** Null: nobody has marked it reviewed, or somebody took that back. */
  reviewed: z.object({ by: who, at: z.string(), note: z.string() }).nullable(),
  /** While it is there nothing of the recording, its wire included, is deleted. */
  hold: z.object({ by: who, at: z.string(), reason: z.string() }).nullable(),
  bookmarks: z.number().int(),
  findings: z.object({ open: z.number().int(), closed: z.number().int(), worst: severitySchema.nullable() }),
  /** What the asking person may do. */
  may: z.object({ review: z.boolean(), hold: z.boolean() }),
});
export type ReviewState = z.infer<typeof reviewStateSchema>;

/** A line that a search found. */
export const searchHitSchema = z.object({
  sessionId: z.string(),
  user: who,
  target: z.object({ id: z.string(), name: z.string(), production: z.boolean() }),
  login: z.string(),
  startedAt: z.string(),
  /** Milliseconds since the start of the recording. */
  atMs: z.number().int().nonnegative(),
  kind: z.enum(['command', 'output']),
  /** The line, at most 400 characters of it around the first match. */
  text: z.string(),
  /** Where the searched words are in `text`: [from, to) in UTF-16 units. */
  marks: z.array(z.tuple([z.number().int(), z.number().int()])),
});
export type SearchHit = z.infer<typeof searchHitSchema>;
