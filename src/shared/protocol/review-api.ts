import { z } from 'zod';
import { bookmarkSchema, findingSchema, reviewStateSchema, searchHitSchema, severitySchema } from '../model/review.ts';

/** The part of the HTTP API (control-api.ts) about finding and reviewing recordings. */
const id = z.string().min(1).max(200);
const atMs = z.number().int().nonnegative();
const words = (most: number) => z.string().trim().min(1).max(most);
/** Years that every part of the system can write down and reckon with: nothing was recorded in others. */
const earliest = Date.UTC(1970);
const latest = Date.UTC(9999);
const time = z.iso.datetime({ offset: true }).refine((text) => {
  const at = Date.parse(text);
  return at >= earliest && at < latest;
}, 'a time from the years 1970 to 9998');
const flag = z.enum(['yes', 'no']);

/** Which recordings; what is absent does not narrow. Names are parts of names, without regard to case. */
const whichRecordings = {
  user: z.string().max(100).optional(),
  target: z.string().max(100).optional(),
  /** Started at or after, and before. */
  from: time.optional(),
  to: time.optional(),
  /** One's own only. */
  mine: z.literal('yes').optional(),
};

export const recordingsQuerySchema = z.object({
  ...whichRecordings,
  minSeconds: z.coerce.number<number | string>().int().nonnegative().optional(),
  maxSeconds: z.coerce.number<number | string>().int().nonnegative().optional(),
  state: z.enum(['running', 'complete', 'incomplete', 'killed']).optional(),
  reviewed: flag.optional(),
  held: flag.optional(),
  findings: flag.optional(),
  /** `next` of the answer before. */
  after: z.string().max(200).optional(),
  limit: z.coerce.number<number | string>().int().min(1).max(1000).default(200),
});
export type RecordingsQuery = z.input<typeof recordingsQuerySchema>;

export const searchQuerySchema = z.object({
  /** Words that must all be in one line, without regard to case; a phrase in double quotes is one word. */
  text: z.string().trim().min(2).max(200),
  kind: z.enum(['command', 'output']).optional(),
  ...whichRecordings,
  limit: z.coerce.number<number | string>().int().min(1).max(200).default(50),
});
export type SearchQuery = z.input<typeof searchQuerySchema>;

export const searchAnswerSchema = z.object({
  /** Newest recording first, in a recording in its order. */
  hits: z.array(searchHitSchema),
  /** There are more than `limit`. */
  more: z.boolean(),
  /** Recordings that match the other filters and whose text is not searched, and why. */
  notSearched: z.object({
    /** Their text is not in the index yet. */
    pending: z.number().int(),
    /** The asking person may not open it. */
    closed: z.number().int(),
  }),
});

export const notesSchema = z.object({
  bookmarks: z.array(bookmarkSchema),
  findings: z.array(findingSchema),
  review: reviewStateSchema,
});
export type Notes = z.infer<typeof notesSchema>;

export const findingBodySchema = z.object({
  atMs,
  title: words(120),
  note: z.string().max(2000).default(''),
  severity: severitySchema,
});

export const reviewApi = {
  search: {
    method: 'GET',
    path: '/v1/search',
    auth: 'device',
    summary: 'Commands and output of recordings whose text I may open',
    query: searchQuerySchema,
    response: searchAnswerSchema,
  },
  getNotes: {
    method: 'GET',
    path: '/v1/recordings/:sessionId/notes',
    auth: 'device',
    summary: 'Bookmarks, findings, review and hold of a recording',
    params: z.object({ sessionId: id }),
    response: notesSchema,
  },
  addBookmark: {
    method: 'POST',
    path: '/v1/recordings/:sessionId/bookmarks',
    auth: 'device',
    summary: 'Bookmark a moment',
    params: z.object({ sessionId: id }),
    body: z.object({ atMs, text: z.string().trim().max(200) }),
    response: notesSchema,
  },
  removeBookmark: {
    method: 'DELETE',
    path: '/v1/recordings/:sessionId/bookmarks/:bookmarkId',
    auth: 'device',
    summary: 'Remove a bookmark of mine',
    params: z.object({ sessionId: id, bookmarkId: id }),
    response: notesSchema,
  },
  addFinding: {
    method: 'POST',
    path: '/v1/recordings/:sessionId/findings',
    auth: 'device',
    summary: 'Write a finding',
    params: z.object({ sessionId: id }),
    body: findingBodySchema,
    response: notesSchema,
  },
  changeFinding: {
    method: 'PUT',
    path: '/v1/recordings/:sessionId/findings/:findingId',
    auth: 'device',
    summary: 'Change a finding, close it, open it again',
    params: z.object({ sessionId: id, findingId: id }),
    body: z.object({
      title: words(120).optional(),
      note: z.string().max(2000).optional(),
      severity: severitySchema.optional(),
      state: findingSchema.shape.state.optional(),
    }),
    response: notesSchema,
  },
  setReviewed: {
    method: 'PUT',
    path: '/v1/recordings/:sessionId/reviewed',
    auth: 'device',
    summary: 'Mark as reviewed, or take that back',
    params: z.object({ sessionId: id }),
    body: z.object({ reviewed: z.boolean(), note: z.string().max(500).default('') }),
    response: notesSchema,
  },
  setHold: {
    method: 'PUT',
    path: '/v1/recordings/:sessionId/hold',
    auth: 'device',
    summary: 'Put a recording under legal hold, or lift that; the reason is kept either way',
    params: z.object({ sessionId: id }),
    body: z.object({ hold: z.boolean(), reason: words(500) }),
    response: notesSchema,
  },
  noteExport: {
    method: 'POST',
    path: '/v1/recordings/:sessionId/exports',
    auth: 'device',
    summary: 'Say that a copy leaves the store; it is written down before the copy is made',
    params: z.object({ sessionId: id }),
    body: z.object({ format: z.enum(['asciicast', 'transcript']), purpose: words(300) }),
    response: z.object({}),
  },
} as const;
