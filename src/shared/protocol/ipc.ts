import { z } from 'zod';
import { problemSchema } from '../errors/result.ts';
import { recordingViewSchema } from '../model/recording.ts';
import { recordModeSchema, routeKindSchema, sessionStateSchema } from '../model/session.ts';
import { loginKindSchema, targetViewSchema } from '../model/target.ts';
import { meSchema } from './control-api.ts';
import { notesSchema, recordingsQuerySchema, reviewApi, searchAnswerSchema, searchQuerySchema } from './review-api.ts';

/**
 * Between the renderer and main: one table of requests and one of events. Main validates sender, frame and shape of every request; answers travel
 * as `Result`. Main owns the state; the renderer holds the last copy that an event brought. Terminal bytes never pass here.
 */
export const connectionSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('online'), sinceMs: z.number(), roundTripMs: z.number().nullable() }),
  z.object({ state: z.literal('connecting') }),
  z.object({ state: z.literal('offline'), sinceMs: z.number(), problem: problemSchema, nextTryAtMs: z.number() }),
]);
export type Connection = z.infer<typeof connectionSchema>;

/** What has still to reach the central store. */
export const backlogSchema = z.object({
  recordings: z.number().int(),
  bytes: z.number(),
  lastProblem: problemSchema.nullable(),
});
export type Backlog = z.infer<typeof backlogSchema>;

export const settingsSchema = z.object({
  theme: z.enum(['dark', 'light', 'system']),
  /** Comfortable rows are 4 px higher. */
  density: z.enum(['compact', 'comfortable']),
  /** Terminal font size in px, 9 to 32. */
  fontSize: z.number().int().min(9).max(32),
  cursor: z.enum(['block', 'bar', 'underline']),
  /** Lines that a terminal keeps above its screen. */
  scrollback: z.number().int().min(100).max(100_000),
  copyOnSelect: z.boolean(),
  /** When a paste of several lines asks first. */
  pasteGuard: z.enum(['always', 'production', 'never']),
  /** Words that are coloured in output. */
  highlight: z.boolean(),
  highlightWords: z
    .array(z.object({ word: z.string().min(1).max(60), tone: z.enum(['strict', 'press', 'accent', 'held']) }))
    .max(40),
  /** The terminal speaks to screen readers; costs speed. */
  screenReader: z.boolean(),
  /** `auto`: by the graphics card where that works. */
  renderer: z.enum(['auto', 'plain']),
  /** Notifications of the desktop while the window is not in front. */
  notify: z.object({ killed: z.boolean(), frozen: z.boolean(), ended: z.boolean(), timeLow: z.boolean() }),
  /** An icon beside the clock, with the running sessions. */
  tray: z.boolean(),
});
export type Settings = z.infer<typeof settingsSchema>;

export const defaultSettings: Settings = {
  theme: 'system',
  density: 'compact',
  fontSize: 13,
  cursor: 'block',
  scrollback: 10_000,
  copyOnSelect: false,
  pasteGuard: 'always',
  highlight: true,
  highlightWords: [
    { word: 'error', tone: 'strict' },
    { word: 'failed', tone: 'strict' },
    { word: 'fatal', tone: 'strict' },
    { word: 'warning', tone: 'press' },
    { word: 'denied', tone: 'press' },
  ],
  screenReader: false,
  renderer: 'auto',
  notify: { killed: true, frozen: true, ended: false, timeLow: true },
  tray: true,
};

export const targetColours = ['stone', 'moss', 'sea', 'sky', 'plum', 'clay', 'sand'] as const;

/** What this launcher remembers of the person's doings; not a setting. Nothing here is needed to work. */
export const memorySchema = z.object({
  /** Ids of targets, first chosen first. */
  favourites: z.array(z.string().max(200)).max(500),
  /** By target id. */
  colours: z.record(z.string().max(200), z.enum(targetColours)),
  /** Hosts whose links open without asking again, by target id. */
  linkHosts: z.record(z.string().max(200), z.array(z.string().max(253)).max(100)),
  /** How the tabs were laid out: JSON that the Sessions view wrote and checks itself. No session in it lives on. */
  layout: z.string().max(200_000).nullable(),
  /** What was searched in History and in Recordings, newest first. */
  searches: z.array(z.string().max(200)).max(20),
  /** First-time hints that were put away. */
  hintsSeen: z.array(z.string().max(60)).max(100),
});
export type Memory = z.infer<typeof memorySchema>;
export const emptyMemory: Memory = {
  favourites: [],
  colours: {},
  linkHosts: {},
  layout: null,
  searches: [],
  hintsSeen: [],
};

export const appStateSchema = z.object({
  version: z.string(),
  electron: z.string(),
  platform: z.string(),
  /** `first-run`: not enrolled. `managed`: address comes from a policy file, a code alone is enough. */
  enrolment: z.discriminatedUnion('state', [
    z.object({
      state: z.literal('first-run'),
      managed: z.object({ address: z.string(), organisation: z.string().nullable() }).nullable(),
      problem: problemSchema.nullable(),
    }),
    z.object({
      state: z.literal('enrolled'),
      address: z.string(),
      me: meSchema.nullable(),
      /** Where the device key lives; `memory` means that quitting forgets this device. */
      deviceKey: z.enum(['keyring', 'file', 'memory']),
    }),
  ]),
  connection: connectionSchema,
  backlog: backlogSchema,
  /** Settings that a policy file on this device fixes, and who that is in its words; null where there is none. */
  fixed: z.object({ by: z.string(), settings: settingsSchema.partial() }).nullable(),
  /** Null, or how many sessions a quit would end: the window asks. */
  quitAsked: z.object({ sessions: z.number().int() }).nullable(),
});
export type AppState = z.infer<typeof appStateSchema>;

/** A session as main's supervisor sees it; `id` is local to this launcher and is the tab's identity. */
export const sessionViewSchema = z.object({
  id: z.string(),
  sessionId: z.string().nullable(),
  targetId: z.string(),
  targetName: z.string(),
  address: z.string(),
  login: z.string(),
  production: z.boolean(),
  route: routeKindSchema,
  credential: loginKindSchema,
  /** What happens when its record cannot go on; null before it was granted. */
  recordMode: recordModeSchema.nullable(),
  reason: z.string().nullable(),
  ticket: z.string().nullable(),
  state: sessionStateSchema,
  openedAtMs: z.number().nullable(),
  endsAtMs: z.number().nullable(),
  /** When the last lease that came runs out; `leaseGraceMs` later the session ends. Null before the first. */
  leaseUntilMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  record: z.object({
    /** Bytes in the journal and the time of its last sync. */
    writtenBytes: z.number(),
    syncedAtMs: z.number().nullable(),
    /** Bytes with a receipt and when it came. */
    storedBytes: z.number(),
    storedAtMs: z.number().nullable(),
    complete: z.boolean(),
  }),
  /** Set when an order ended it. `receivedMs`, `closedMs`: milliseconds after the order was accepted, by the server's clock as last heard. */
  kill: z
    .object({
      orderId: z.string(),
      by: z.string(),
      byRole: z.string(),
      reason: z.string(),
      requestedAt: z.string(),
      receivedMs: z.number(),
      closedMs: z.number().nullable(),
      lockId: z.string(),
    })
    .nullable(),
});
export type SessionView = z.infer<typeof sessionViewSchema>;

const nothing = z.object({});
const sessionId = z.string().max(100);

/** A recording of which something is still on this device. */
export const localRecordingSchema = z.object({
  sessionId: z.string(),
  targetName: z.string(),
  login: z.string(),
  startedAtMs: z.number().nullable(),
  /** Bytes that the store does not have yet. */
  bytes: z.number(),
  state: z.enum(['running', 'waiting', 'sending', 'stuck']),
  problem: problemSchema.nullable(),
});
export type LocalRecording = z.infer<typeof localRecordingSchema>;

export const ipcRequests = {
  'app.state': { request: nothing, response: appStateSchema },
  'app.quit': { request: z.object({ answer: z.enum(['quit', 'stay']) }), response: nothing },
  'app.retry': { request: nothing, response: nothing },
  'app.forgetDevice': { request: nothing, response: nothing },
  /** A whole invite, or the eight-character code on a managed device. */
  'app.enrol': { request: z.object({ invite: z.string().max(4096) }), response: nothing },
  'targets.list': {
    request: z.object({ refresh: z.boolean() }),
    response: z.object({ targets: z.array(targetViewSchema), loadedAtMs: z.number() }),
  },
  'sessions.list': { request: nothing, response: z.object({ sessions: z.array(sessionViewSchema) }) },
  'sessions.connect': {
    request: z.object({
      targetId: z.string().max(200),
      login: z.string().max(64),
      reason: z.string().max(500).nullable(),
      ticket: z.string().max(100).nullable(),
      cols: z.number().int(),
      rows: z.number().int(),
    }),
    response: z.object({ id: z.string() }),
  },
  /** Asks for the session's MessagePort; it arrives as a `port` message (see preload). Once per session. */
  'sessions.attach': { request: z.object({ id: z.string() }), response: nothing },
  'sessions.disconnect': { request: z.object({ id: z.string() }), response: nothing },
  /** Forgets an ended session's tab. */
  'sessions.close': { request: z.object({ id: z.string() }), response: nothing },
  /** One page of the store's list; `local` is whole with each page. */
  'recordings.list': {
    request: z.object({ query: recordingsQuerySchema }),
    response: z.object({
      recordings: z.array(recordingViewSchema),
      next: z.string().nullable(),
      local: z.array(localRecordingSchema),
    }),
  },
  'recordings.search': { request: z.object({ query: searchQuerySchema }), response: searchAnswerSchema },
  'recordings.notes': { request: z.object({ sessionId }), response: notesSchema },
  'recordings.addBookmark': {
    request: z.object({ sessionId, body: reviewApi.addBookmark.body }),
    response: notesSchema,
  },
  'recordings.removeBookmark': {
    request: z.object({ sessionId, bookmarkId: z.string().max(100) }),
    response: notesSchema,
  },
  'recordings.addFinding': {
    request: z.object({ sessionId, body: reviewApi.addFinding.body }),
    response: notesSchema,
  },
  'recordings.changeFinding': {
    request: z.object({ sessionId, findingId: z.string().max(100), body: reviewApi.changeFinding.body }),
    response: notesSchema,
  },
  'recordings.setReviewed': {
    request: z.object({ sessionId, body: reviewApi.setReviewed.body }),
    response: notesSchema,
  },
  'recordings.setHold': { request: z.object({ sessionId, body: reviewApi.setHold.body }), response: notesSchema },
  /** Starts a replay process; its MessagePort arrives as a `port` message. */
  'replay.open': {
    request: z.object({ sessionId, purpose: z.string().min(1).max(300) }),
    response: z.object({ replayId: z.string() }),
  },
  /** Asks where to, then writes it. `path` null: the person thought better of it. Progress comes on the replay's port. */
  'replay.export': {
    request: z.object({ replayId: z.string(), format: z.enum(['asciicast', 'transcript']) }),
    response: z.object({ path: z.string().nullable(), bytes: z.number() }),
  },
  'replay.close': { request: z.object({ replayId: z.string() }), response: nothing },
  'settings.get': { request: nothing, response: settingsSchema },
  'settings.set': { request: settingsSchema.partial(), response: settingsSchema },
  'memory.get': { request: nothing, response: memorySchema },
  'memory.set': { request: memorySchema.partial(), response: memorySchema },
  /** Opens a page in the browser of the desktop. Only http and https; the person has confirmed the address. */
  'link.open': { request: z.object({ url: z.url({ protocol: /^https?$/ }).max(4096) }), response: nothing },
  /** The window with versions and licences. */
  'about.open': { request: nothing, response: nothing },
  'clipboard.read': { request: nothing, response: z.object({ text: z.string() }) },
  'clipboard.write': { request: z.object({ text: z.string().max(10_000_000) }), response: nothing },
  /** `front`: the main window is shown and gets the focus, for what a detached window asked of it. */
  'window.do': { request: z.object({ what: z.enum(['minimise', 'maximise', 'close', 'front']) }), response: nothing },
} as const satisfies Record<string, { request: z.ZodObject; response: z.ZodObject }>;
export type IpcRequestName = keyof typeof ipcRequests;

export const ipcEvents = {
  'app.state': appStateSchema,
  'targets.changed': z.object({}),
  'recordings.changed': z.object({}),
  'sessions.changed': z.object({ sessions: z.array(sessionViewSchema) }),
  'settings.changed': settingsSchema,
  'memory.changed': memorySchema,
  /** A menu, the tray or a notification asks for a command of the window (src/renderer/commands); `session` is the launcher's id of a tab. */
  command: z.object({ id: z.string(), session: z.string().nullable() }),
} as const satisfies Record<string, z.ZodObject>;
export type IpcEventName = keyof typeof ipcEvents;

/** Message that comes with a MessagePort (`window.postMessage` from the preload, same window, with one port). */
export const portMessageSchema = z.object({
  type: z.literal('sallyport-port'),
  kind: z.enum(['session', 'replay']),
  id: z.string(),
});
export type PortMessage = z.infer<typeof portMessageSchema>;

/** What the preload exposes as `window.sallyport`. */
export interface SallyportBridge {
  /** Sends a request of `ipcRequests`; resolves to a `Result`, never rejects. */
  request(name: IpcRequestName, body: unknown): Promise<unknown>;
  /** Subscribes to an event of `ipcEvents`; returns the unsubscriber. */
  on(name: IpcEventName, listener: (body: unknown) => void): () => void;
}

export { ipcChannels } from './ipc-channels.ts';
