import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeAgeIdentity } from '../../recording/codecs/age.ts';
import { createJournal, type JournalWriter } from '../../recording/journal/journal-writer.ts';
import type { LauncherToControl } from '../../shared/protocol/control-channel.ts';
import { parsePiece, unacknowledgedAtMost } from '../../shared/protocol/journal-frames.ts';
import { nextWindow, windowAtLeast } from './feed-window.ts';
import { JournalFeed } from './journal-feed.ts';

const sessionId = '22222222-2222-4222-8222-222222222222';
let spool: string;
let journal: JournalWriter;
let path: string;
let kept: Buffer;
let pieces: number[];
let said: LauncherToControl[];
let up: boolean;
let feed: JournalFeed;

beforeEach(async () => {
  spool = mkdtempSync(join(tmpdir(), 'feed-'));
  const folder = join(spool, sessionId);
  mkdirSync(folder);
  const { recipient } = await makeAgeIdentity();
  const terminal = { cols: 80, rows: 24, term: 'xterm' };
  journal = await createJournal({
    folder,
    header: { session: sessionId, serverNonce: 'n', started: '2026-11-24T14:00:00.000Z', monotonicMs: 0, terminal },
    recipients: { output: [recipient], input: [recipient] },
  });
  path = join(folder, 'journal');
  kept = Buffer.alloc(0);
  pieces = [];
  said = [];
  up = true;
  feed = new JournalFeed({
    spool,
    piece: (message) => {
      const piece = parsePiece(message);
      if (!up || piece === null) return false;
      expect(piece.offset).toBe(kept.length);
      kept = Buffer.concat([kept, piece.bytes]);
      pieces.push(piece.bytes.length);
      return true;
    },
    say: (message) => said.push(message) > 0 && up,
    log: () => undefined,
  });
});
afterEach(() => {
  feed.stop();
  journal.close();
  rmSync(spool, { recursive: true, force: true });
});

const write = (bytes: number) => journal.append('o', Buffer.alloc(bytes, 'x'), 1);
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));
const acknowledge = async () => {
  feed.acknowledged(sessionId, kept.length);
  await settled();
};

test('asks before it sends; the header line is a piece of its own, then whole frames', async () => {
  write(10);
  feed.grown(sessionId);
  await settled();
  expect(said).toEqual([{ type: 'journal-position', sessionId }]);
  expect(pieces).toEqual([]);
  await acknowledge();
  await acknowledge();
  expect(pieces).toHaveLength(2);
  expect(kept).toEqual(readFileSync(path));
  expect(kept.indexOf(0x0a)).toBe((pieces[0] ?? 0) - 1);
});

test('a server that acknowledges nothing has a bounded amount under way, and one that is slow gets less of it', async () => {
  for (let round = 0; round < 100; round += 1) write(60_000);
  feed.grown(sessionId);
  const size = statSync(path).size;
  let most = 0;
  for (let acknowledged = 0; acknowledged < size; ) {
    // Nothing more comes than what was sent before it stopped answering.
    await acknowledge();
    await settled();
    most = Math.max(most, kept.length - acknowledged);
    acknowledged = kept.length;
  }
  expect(most).toBeGreaterThan(60_000);
  expect(most).toBeLessThanOrEqual(unacknowledgedAtMost);
  expect(kept.length).toBe(size);
  expect(nextWindow(1000, 100, 1500)).toBe(1500);
  expect(nextWindow(100_000, 500, 1_000_000)).toBe(100_000);
  expect(nextWindow(20_000, 5000, 1_000_000)).toBe(windowAtLeast);
});

test('what is typed while a piece is under way makes one piece', async () => {
  feed.grown(sessionId);
  await acknowledge();
  await acknowledge();
  write(1);
  feed.grown(sessionId);
  await settled();
  const before = pieces.length;
  for (let key = 0; key < 20; key += 1) {
    write(1);
    feed.grown(sessionId);
  }
  await settled();
  expect(pieces.length).toBe(before);
  await acknowledge();
  expect(pieces.length).toBe(before + 1);
  expect(kept).toEqual(readFileSync(path));
});

test('after a break it goes on where the server says it is, whatever was sent before', async () => {
  for (let round = 0; round < 5; round += 1) write(60_000);
  feed.grown(sessionId);
  await acknowledge();
  const header = pieces[0] ?? 0;
  up = false;
  write(10);
  feed.grown(sessionId);
  await settled();
  // Only the header arrived; the rest was lost with the link.
  kept = kept.subarray(0, header);
  up = true;
  feed.online([sessionId]);
  await settled();
  expect(said.filter((message) => message.type === 'journal-position')).toHaveLength(2);
  for (let round = 0; round < 8; round += 1) await acknowledge();
  expect(kept).toEqual(readFileSync(path));
});

test('without an answer it asks where the server is, and sends less at once', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    write(10);
    feed.grown(sessionId);
    feed.acknowledged(sessionId, 0);
    await vi.waitFor(() => expect(pieces).toHaveLength(1));
    vi.advanceTimersByTime(5001);
    expect(said).toHaveLength(2);
  } finally {
    vi.useRealTimers();
  }
});

test('far behind, what stored segments cover is left out up to a change of keys', async () => {
  feed.grown(sessionId);
  await acknowledge();
  for (let round = 0; round < 30; round += 1) write(60_000);
  const before = statSync(path).size;
  await vi.waitFor(() => expect(journal.keysAreDue(1e9)).toBe(true));
  journal.changeKeys(1);
  write(5);
  feed.stored(sessionId, { output: 30, input: 0 });
  kept = Buffer.alloc(before);
  await acknowledgeAt(pieces[0] ?? 0);
  await acknowledge();
  expect(kept.subarray(before)).toEqual(readFileSync(path).subarray(before));
  // What is not covered is never left out.
  expect(pieces.reduce((sum, one) => sum + one, 0)).toBeLessThan(10_000);
});

const acknowledgeAt = async (offset: number) => {
  feed.acknowledged(sessionId, offset);
  await settled();
};

test('in a flood whose segments are being stored nothing goes up twice; what is left goes a moment after the last', async () => {
  write(10);
  feed.grown(sessionId);
  await settled();
  for (let round = 0; round < 3; round += 1) await acknowledge();
  expect(kept).toEqual(readFileSync(path));
  const before = kept.length;
  feed.stored(sessionId, { output: 1, input: 0 });
  for (let round = 0; round < 40; round += 1) write(60_000);
  for (let round = 2; round < 8; round += 1) {
    feed.stored(sessionId, { output: round, input: 0 });
    feed.grown(sessionId);
    await settled();
  }
  expect(kept.length).toBe(before);
  await vi.waitFor(() => expect(kept.length).toBeGreaterThan(before), 5000);
  while (kept.length < statSync(path).size) await acknowledge();
  expect(kept).toEqual(readFileSync(path));
});
