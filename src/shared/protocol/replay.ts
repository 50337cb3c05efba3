import { z } from 'zod';
import { problemSchema } from '../errors/result.ts';
import { keyedStreamSchema, partKindSchema, recordingViewSchema } from '../model/recording.ts';
import { controlApi } from './control-api.ts';

/** What `incomplete` says, alone, of a recording whose session still runs. */
export const notFinishedYet = 'it is not finished yet';

/**
 * The replay process fetches nothing itself: it asks main, which has the device key, for each document and each segment. It verifies, unlocks and
 * decrypts, and serves events to the renderer on a MessagePort. Plaintext and identities stay in this process and the port.
 */
export const ownerToReplaySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), recording: recordingViewSchema, serverKey: z.string(), purpose: z.string() }),
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
  z.object({ type: z.literal('unlock'), id: z.number().int(), stream: keyedStreamSchema, recipient: z.string() }),
  z.object({ type: z.literal('failed'), problem: problemSchema }),
  /** Plain Node only: a message to the screen. */
  z.object({ type: z.literal('screen'), message: z.unknown() }),
]);
export type ReplayToOwner = z.infer<typeof replayToOwnerSchema>;

export const checkSchema = z.object({ name: z.string(), ok: z.boolean(), detail: z.string() });
export type Check = z.infer<typeof checkSchema>;

/** Replay process -> renderer. Times are milliseconds since the start of the recording. */
export const replayToScreenSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    done: z.number(),
    total: z.number(),
    what: z.enum(['fetching', 'verifying', 'decrypting']),
  }),
  z.object({
    type: z.literal('opened'),
    durationMs: z.number(),
    cols: z.number(),
    rows: z.number(),
    checks: z.array(checkSchema),
    verified: z.boolean(),
    /** Null when complete, else the reason in words. */
    incomplete: z.string().nullable(),
    unlocked: z.array(keyedStreamSchema),
    endReason: z.string().nullable(),
    /** Activity for the timeline: output bytes and input bytes per equal slice of the duration. */
    activity: z.array(z.object({ output: z.number(), input: z.number() })),
    marks: z.array(
      z.object({ atMs: z.number(), kind: z.enum(['resize', 'marker', 'exit', 'input']), text: z.string() }),
    ),
  }),
  /** Answer to `read`: output events in [fromMs, toMs), as bytes with times, resizes in place. `done` when the last one of the range was sent. */
  z.object({
    type: z.literal('events'),
    id: z.number().int(),
    done: z.boolean(),
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
  z.object({ type: z.literal('read'), id: z.number().int(), fromMs: z.number(), toMs: z.number() }),
  z.object({ type: z.literal('close') }),
]);
export type ScreenToReplay = z.infer<typeof screenToReplaySchema>;

/** The answer to `fetch-manifest` is the API's own. */
export const manifestAnswerSchema = controlApi.getManifest.response;
