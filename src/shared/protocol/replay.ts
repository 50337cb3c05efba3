import { z } from 'zod';
import { problemSchema } from '../errors/result.ts';
import { keyedStreamSchema, partKindSchema, recordingViewSchema } from '../model/recording.ts';
import { evidenceLevelSchema } from '../model/session.ts';
import { wireDirections } from '../record/wire.ts';
import { controlApi } from './control-api.ts';

/** What `incomplete` says, alone, of a recording whose session still runs. */
export const notFinishedYet = 'it is not finished yet';

/**
 * The replay process fetches nothing itself: it asks main, which has the device key, for each document and each segment. It verifies, unlocks and
 * decrypts, and serves events to the renderer on a MessagePort. Plaintext and identities stay in this process and the port. Of a recording of any length it holds an index and a
 * bounded number of parts.
 */
export const ownerToReplaySchema = z.discriminatedUnion('type', [
  /** `local`: manifest and parts come from this device, which has more of it than the store. */
  z.object({
    type: z.literal('open'),
    recording: recordingViewSchema,
    serverKey: z.string(),
    purpose: z.string(),
    local: z.boolean(),
  }),
  /** Writes a copy to `path` (made anew, 0600) by way of `part`, which is not there before or after. Answered by `exported`. */
  z.object({
    type: z.literal('export'),
    id: z.number().int(),
    format: z.enum(['asciicast', 'transcript']),
    path: z.string(),
    part: z.string(),
    /** Who makes the copy, and with what, as the copy says it. */
    by: z.string(),
    software: z.string(),
  }),
  z.object({ type: z.literal('port') }),
  z.object({
    type: z.literal('answer'),
    id: z.number().int(),
    json: z.unknown().optional(),
    bytes: z.instanceof(Uint8Array).optional(),
    problem: problemSchema.optional(),
  }),
  /** Plain Node only: a message from the screen. */
  z.object({ type: z.literal('screen'), message: z.unknown() }),
]);
export type OwnerToReplay = z.infer<typeof ownerToReplaySchema>;

/** What the replay process may ask main to fetch, for the one recording it was opened for. */
export const replayToOwnerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('fetch-manifest'), id: z.number().int() }),
  z.object({ type: z.literal('fetch-segment'), id: z.number().int(), stream: partKindSchema, seq: z.number().int() }),
  z.object({ type: z.literal('fetch-journal'), id: z.number().int() }),
  /** What the server holds of the journal of a session that is not stored whole. */
  z.object({ type: z.literal('fetch-tail'), id: z.number().int() }),
  /** The next bytes of one direction of the kept wire, at most 1 MiB; none at its end. `anew`: from its beginning. */
  z.object({
    type: z.literal('fetch-wire'),
    id: z.number().int(),
    direction: z.enum(wireDirections),
    anew: z.boolean(),
  }),
  z.object({ type: z.literal('unlock'), id: z.number().int(), stream: keyedStreamSchema, recipient: z.string() }),
  z.object({ type: z.literal('exported'), id: z.number().int(), bytes: z.number(), problem: problemSchema.nullable() }),
  z.object({ type: z.literal('failed'), problem: problemSchema }),
  /** Plain Node only: a message to the screen. */
  z.object({ type: z.literal('screen'), message: z.unknown() }),
]);
export type ReplayToOwner = z.infer<typeof replayToOwnerSchema>;

export const checkSchema = z.object({
  name: z.string(),
  ok: z.boolean(),
  /** No fault, but not whole either: something is absent. */
  lacking: z.literal(true).optional(),
  detail: z.string(),
});
export type Check = z.infer<typeof checkSchema>;

/**
 * A part of the output: a stored segment, or a piece of the journal. `t0` and `t1`: times of its first and last event; those of a later part are never earlier.
 */
export const replayPartSchema = z.object({ t0: z.number(), t1: z.number() });
export type ReplayPart = z.infer<typeof replayPartSchema>;

/** The screen before a part's first event: its size, and a VT string that draws it; null for an empty screen. */
export const partStartSchema = z.object({
  cols: z.number(),
  rows: z.number(),
  init: z.instanceof(Uint8Array).nullable(),
});
export type PartStart = z.infer<typeof partStartSchema>;

const activitySchema = z.array(z.object({ output: z.number(), input: z.number() }));
const markSchema = z.object({
  atMs: z.number(),
  kind: z.enum(['resize', 'marker', 'exit', 'input']),
  text: z.string(),
  /** The kind of a marker (docs/recording-format.md): freeze, thaw, ended and so on. */
  marker: z.string().optional(),
});

/**
 * What could be read on the screen, in the screen's order (recording/text-lines/settle-times.ts): a command takes the place of the line that it was entered in.
 */
export const transcriptLineSchema = z.object({
  /** From when on it may have been there; never less than that of the line above. */
  atMs: z.number(),
  /** A moment at which it stood on the screen; absent where that is `atMs`. */
  seenMs: z.number().optional(),
  kind: z.enum(['line', 'command', 'gap']),
  text: z.string(),
  alternate: z.boolean(),
});
export type TranscriptLine = z.infer<typeof transcriptLineSchema>;

/** Replay process -> renderer. Times are milliseconds since the start of the recording. */
export const replayToScreenSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    done: z.number(),
    total: z.number(),
    what: z.enum(['fetching', 'verifying', 'decrypting']),
  }),
  /** It can be played; nothing of it is checked yet. */
  z.object({
    type: z.literal('opened'),
    durationMs: z.number(),
    cols: z.number(),
    rows: z.number(),
    /** Null when complete as far as its index says, else the reason in words. */
    incomplete: z.string().nullable(),
    unlocked: z.array(keyedStreamSchema),
    endReason: z.string().nullable(),
    parts: z.array(replayPartSchema),
  }),
  /** What is known from reading all of it, which goes on while it is played. The last one has `finished`. */
  z.object({
    type: z.literal('survey'),
    /** Stored parts that were read, of how many. */
    done: z.number(),
    total: z.number(),
    finished: z.boolean(),
    /** Empty until all of it was read. */
    checks: z.array(checkSchema),
    /** Null until all of it was read: then whether every check holds. */
    verified: z.boolean().nullable(),
    /** What stands behind it, by what was found to hold; null until that was looked at. */
    evidence: evidenceLevelSchema.nullable(),
    /** What was found bad so far, by name, first found first. */
    faults: z.array(z.string()),
    /** As in `opened`, with what was found since. */
    incomplete: z.string().nullable(),
    /** Why not all of it could be read, when that is not the recording's fault: the rest is not checked. */
    problem: problemSchema.nullable(),
    /** Bytes of output and input per equal slice of the duration; of what was not read yet an estimate. */
    activity: activitySchema,
    marks: z.array(markSchema),
    /** What was entered behind a prompt, in its order; of at most 5,000. `status` null: not known. */
    commands: z.array(z.object({ atMs: z.number(), command: z.string(), status: z.number().int().nullable() })),
    /** Lines of the transcript so far; null where the text may not be opened. */
    lines: z.number().int().nullable(),
  }),
  /** Answer to `lines`: from index `from` on. */
  z.object({
    type: z.literal('lines'),
    id: z.number().int(),
    from: z.number().int(),
    total: z.number().int(),
    lines: z.array(transcriptLineSchema),
  }),
  /**
   * Answer to `find`, the first 1,000 hits. `finished` false: text is still gathered, ask again when there is more. While a long search goes on there may be messages with
   * `more` before it: what was found so far. A newer `find` cuts an older one short. `problem`: why some of the text could not be searched.
   */
  z.object({
    type: z.literal('found'),
    id: z.number().int(),
    total: z.number().int(),
    finished: z.boolean(),
    more: z.literal(true).optional(),
    problem: problemSchema.optional(),
    hits: z.array(
      z.object({
        /** Index in the transcript. */
        line: z.number().int(),
        atMs: z.number(),
        seenMs: z.number().optional(),
        kind: z.enum(['line', 'command']),
        /** The line, shortened around the first match, and where the matches are in it. */
        text: z.string(),
        marks: z.array(z.tuple([z.number().int(), z.number().int()])),
      }),
    ),
  }),
  z.object({ type: z.literal('exporting'), done: z.number(), total: z.number() }),
  /**
   * Answer to `seek` and `read`, in one or more messages: the events of part `part`. `start` comes with the first. `fault`: why the part is not shown; it then has no events and what
   * follows begins at the next part's own start.
   */
  z.object({
    type: z.literal('part'),
    id: z.number().int(),
    part: z.number().int(),
    done: z.boolean(),
    start: partStartSchema.nullable(),
    fault: z.string().nullable(),
    events: z.array(
      z.union([
        z.object({ atMs: z.number(), code: z.literal('o'), data: z.instanceof(Uint8Array) }),
        z.object({ atMs: z.number(), code: z.literal('r'), cols: z.number(), rows: z.number() }),
      ]),
    ),
  }),
  z.object({ type: z.literal('problem'), problem: problemSchema }),
]);
export type ReplayToScreen = z.infer<typeof replayToScreenSchema>;

export const screenToReplaySchema = z.discriminatedUnion('type', [
  /** The part from whose start the screen at `toMs` is to be drawn. */
  z.object({ type: z.literal('seek'), id: z.number().int(), toMs: z.number() }),
  z.object({ type: z.literal('read'), id: z.number().int(), part: z.number().int().nonnegative() }),
  /** At most 500 lines of the transcript. */
  z.object({
    type: z.literal('lines'),
    id: z.number().int(),
    from: z.number().int().nonnegative(),
    count: z.number().int().min(1).max(500),
  }),
  /** Lines of the transcript that hold `text`, without regard to case. */
  z.object({ type: z.literal('find'), id: z.number().int(), text: z.string().min(1).max(200) }),
  z.object({ type: z.literal('close') }),
]);
export type ScreenToReplay = z.infer<typeof screenToReplaySchema>;

/** The answer to `fetch-manifest` is the API's own. */
export const manifestAnswerSchema = controlApi.getManifest.response;
