import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { LauncherToControl } from '../../shared/protocol/control-channel.ts';
import { formatPiece, pieceBytesAtMost, unacknowledgedAtMost } from '../../shared/protocol/journal-frames.ts';
import { headerBytesAtMost } from '../../shared/record/journal.ts';
import { scanFrames } from '../../shared/record/journal-scan.ts';
import type { Log } from '../log.ts';
import { nextWindow, windowAtFirst, windowAtLeast } from './feed-window.ts';
import { journalFile } from './spool.ts';

/** A small piece waits for what is under way, so that typing makes one piece per round trip, not one per key. */
const smallBytes = 16_384;
/** Under way of all journals together: the server takes no more from one launcher. */
const underWayAtMost = 4_194_304;
/** Without an acknowledgement for so long the server is asked how far it is. */
const stalledMs = 5000;
/** This far behind, it is worth looking for what need not be sent any more. */
const farBehindBytes = 1_048_576;
/**
 * In a flood everything would go up twice, as frames and as segments. While it is farther behind than the first, a journal rests as long as its segments come to be stored: each word of that buys
 * the second more, in milliseconds.
 */
const floodBehindBytes = 2_097_152;
const floodRestMs = 1000;

export interface FeedOptions {
  spool: string;
  /** Sends a piece on the control channel; false while it is down. */
  piece: (message: Uint8Array) => boolean;
  say: (message: LauncherToControl) => boolean;
  log: Log;
}

interface Feed {
  sessionId: string;
  /** Whether the server said how far it is, since the link is up. */
  known: boolean;
  sent: number;
  acknowledged: number;
  /** Ends of the pieces that are under way, and when they were sent. */
  underWay: { end: number; bytes: number; at: number }[];
  window: number;
  /** Frames that receipted segments cover. */
  covered: { output: number; input: number };
  /** Where the search for covered frames goes on, and for which coverage it was made. */
  searched: number;
  /** While a flood's segments come to be stored, nothing is sent before this, in milliseconds of performance.now(). */
  restUntil: number;
  rest: NodeJS.Timeout | null;
  file: FileHandle | null;
  busy: boolean;
  again: boolean;
  stall: NodeJS.Timeout | null;
  over: boolean;
}

/**
 * Sends the journals of running sessions while they grow: from the file, as it is acknowledged, so a slow link costs no memory and nothing is lost. What is not acknowledged
 * when the link breaks is sent again from where the server says it is.
 */
export class JournalFeed {
  private readonly feeds = new Map<string, Feed>();
  private readonly options: FeedOptions;

  constructor(options: FeedOptions) {
    this.options = options;
  }

  /** The link is up: how far the server has these sessions is asked anew. */
  online(sessionIds: readonly string[]): void {
    for (const sessionId of sessionIds) this.ask(this.feedOf(sessionId));
  }

  /** The journal of this session has grown. */
  grown(sessionId: string): void {
    const known = this.feeds.get(sessionId);
    if (known === undefined) this.ask(this.feedOf(sessionId));
    else void this.pump(known);
  }

  /** The server holds that session's journal up to `offset`, or what it does not hold is stored. */
  acknowledged(sessionId: string, offset: number): void {
    const feed = this.feeds.get(sessionId);
    if (feed === undefined) return;
    this.settle(feed, offset);
    if (!feed.known) {
      feed.known = true;
      feed.sent = offset;
      feed.acknowledged = offset;
      feed.underWay = [];
    }
    feed.acknowledged = Math.max(feed.acknowledged, offset);
    feed.sent = Math.max(feed.sent, offset);
    this.watch(feed);
    // There is room again, for another one too.
    for (const each of this.feeds.values()) void this.pump(each);
  }

  /** A receipt came: that many frames of each stream are in stored segments. */
  stored(sessionId: string, covered: { output: number; input: number }): void {
    const feed = this.feeds.get(sessionId);
    if (feed === undefined) return;
    if (covered.output > feed.covered.output) feed.restUntil = performance.now() + floodRestMs;
    feed.covered = covered;
    void this.pump(feed);
  }

  /** The session's process is gone: what is left goes up as a recording. */
  forget(sessionId: string): void {
    const feed = this.feeds.get(sessionId);
    if (feed === undefined) return;
    this.feeds.delete(sessionId);
    feed.over = true;
    if (feed.stall !== null) clearTimeout(feed.stall);
    if (feed.rest !== null) clearTimeout(feed.rest);
    if (!feed.busy) void this.close(feed);
  }

  stop(): void {
    for (const sessionId of [...this.feeds.keys()]) this.forget(sessionId);
  }

  private feedOf(sessionId: string): Feed {
    const known = this.feeds.get(sessionId);
    if (known !== undefined) return known;
    const made: Feed = {
      sessionId,
      known: false,
      sent: 0,
      acknowledged: 0,
      underWay: [],
      window: windowAtFirst,
      covered: { output: 0, input: 0 },
      searched: 0,
      restUntil: 0,
      rest: null,
      file: null,
      busy: false,
      again: false,
      stall: null,
      over: false,
    };
    this.feeds.set(sessionId, made);
    return made;
  }

  private ask(feed: Feed): void {
    feed.known = false;
    feed.underWay = [];
    this.options.say({ type: 'journal-position', sessionId: feed.sessionId });
  }

  private settle(feed: Feed, offset: number): void {
    const now = performance.now();
    for (let [first] = feed.underWay; first !== undefined && first.end <= offset; [first] = feed.underWay) {
      feed.window = nextWindow(feed.window, now - first.at, unacknowledgedAtMost);
      feed.underWay.shift();
    }
  }

  /** Something under way must be answered in time. */
  private watch(feed: Feed): void {
    if (feed.stall !== null) clearTimeout(feed.stall);
    feed.stall = null;
    if (feed.underWay.length === 0 || feed.over) return;
    feed.stall = setTimeout(() => {
      feed.window = windowAtLeast;
      this.ask(feed);
    }, stalledMs);
    feed.stall.unref();
  }

  private async pump(feed: Feed): Promise<void> {
    if (feed.busy) {
      feed.again = true;
      return;
    }
    feed.busy = true;
    try {
      do {
        feed.again = false;
        while (await this.step(feed));
      } while (feed.again && !feed.over);
    } catch (error) {
      // The record itself does not depend on it: segments and, after a crash, the whole journal still go up.
      this.options.log('feed.failed', { sessionId: feed.sessionId, code: toProblem(error).code });
      feed.over = true;
    } finally {
      feed.busy = false;
      if (feed.over) await this.close(feed);
    }
  }

  /** Sends the next piece; returns whether there may be another at once. */
  private async step(feed: Feed): Promise<boolean> {
    const underWay = bytesUnderWay(feed);
    const ofAll = [...this.feeds.values()].reduce((sum, each) => sum + bytesUnderWay(each), 0);
    const room = ofAll >= underWayAtMost ? 0 : feed.window - underWay;
    if (!feed.known || feed.over || room <= 0) return false;
    feed.file ??= await open(join(this.options.spool, feed.sessionId, journalFile), 'r');
    if (feed.sent > 0) await this.skipStored(feed);
    if (feed.sent > 0 && (await this.rests(feed))) return false;
    const at = feed.sent;
    const bytes = await this.read(feed, at, underWay === 0 ? pieceBytesAtMost : Math.min(room, pieceBytesAtMost));
    const piece = at === 0 ? headerOf(bytes) : framesOf(bytes, underWay === 0 ? feed.window : room);
    if (piece.length === 0 || (piece.length < smallBytes && underWay > 0)) return false;
    // Asked again meanwhile, or told that the server is further.
    if (!feed.known || feed.over || feed.sent !== at) return feed.known && !feed.over;
    if (!this.options.piece(formatPiece({ sessionId: feed.sessionId, offset: at, bytes: piece }))) {
      feed.known = false;
      return false;
    }
    feed.sent = at + piece.length;
    feed.underWay.push({ end: feed.sent, bytes: piece.length, at: performance.now() });
    this.watch(feed);
    return true;
  }

  /** Far behind, frames that stored segments cover are left out, up to the last change of keys among them. */
  private async skipStored(feed: Feed): Promise<void> {
    if (feed.file === null || feed.covered.output + feed.covered.input === 0) return;
    if ((await feed.file.stat()).size - feed.sent < farBehindBytes) return;
    let at = Math.max(feed.searched, feed.sent);
    for (;;) {
      const { frames, end } = scanFrames(await this.read(feed, at, pieceBytesAtMost));
      if (frames.length === 0) break;
      for (const frame of frames) {
        if (frame.kind !== 'keys') continue;
        const { output, input } = frame.facts.frames;
        if (output > feed.covered.output || input > feed.covered.input) {
          // Nothing after it is covered either.
          feed.searched = at + frame.at;
          return;
        }
        feed.sent = Math.max(feed.sent, at + frame.at);
      }
      at += end;
      feed.searched = at;
    }
  }

  /** True in a flood whose segments are being stored: there this journal waits, and looks again by itself. */
  private async rests(feed: Feed): Promise<boolean> {
    const left = feed.restUntil - performance.now();
    if (left <= 0 || feed.file === null || feed.over) return false;
    if ((await feed.file.stat()).size - feed.sent < floodBehindBytes) return false;
    feed.rest ??= setTimeout(() => {
      feed.rest = null;
      void this.pump(feed);
    }, left + 1);
    feed.rest.unref();
    return true;
  }

  private async read(feed: Feed, at: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const { bytesRead } = feed.file === null ? { bytesRead: 0 } : await feed.file.read(bytes, 0, length, at);
    return bytes.subarray(0, bytesRead);
  }

  private async close(feed: Feed): Promise<void> {
    const { file } = feed;
    feed.file = null;
    await file?.close().catch(() => undefined);
  }
}

function bytesUnderWay(feed: Feed): number {
  return feed.underWay.reduce((sum, one) => sum + one.bytes, 0);
}

function headerOf(bytes: Uint8Array): Uint8Array {
  const end = bytes.subarray(0, headerBytesAtMost).indexOf(0x0a);
  return bytes.subarray(0, end + 1);
}

/** Whole frames of at most `room` bytes, or the first one alone. Throws SP-3030 where there is no frame. */
function framesOf(bytes: Uint8Array, room: number): Uint8Array {
  const { frames, damage } = scanFrames(bytes);
  const fitting = frames.findLast((frame) => frame.at + frame.length <= room) ?? frames[0];
  if (fitting === undefined && damage !== null)
    throw new SallyportError('SP-3030', `The journal cannot be followed while it grows: it has ${damage}.`);
  return fitting === undefined ? new Uint8Array() : bytes.subarray(0, fitting.at + fitting.length);
}
