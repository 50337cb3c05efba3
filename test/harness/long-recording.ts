import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ManifestWriter } from '../../src/recording/manifest/manifest-writer.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { ScreenModel } from '../../src/recording/screen/screen-model.ts';
import { sealSegment } from '../../src/recording/segments/seal.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import {
  formatCastEvent,
  formatCastHeader,
  formatKeyframe,
  formatSegmentComment,
} from '../../src/recording/text/cast.ts';
import type { ManifestAnswer } from '../../src/replay/fetcher.ts';
import { openRecorder } from '../../src/session/recorder/open-recorder.ts';
import type { RecordingView } from '../../src/shared/model/recording.ts';
import { namespaces } from '../../src/shared/protocol/signed.ts';
import { segmentFile, segmentTextBytes } from '../../src/shared/record/segments.ts';
import { makeRecordingWorld, type RecordingWorld } from '../integration/recording-fixture.ts';

/** A recording of any length whose every byte verifies, made in little time: each segment holds the same output but for its name. */
export interface LongRecording {
  view: RecordingView;
  serverKey: string;
  answer: ManifestAnswer;
  identity: string;
  /** What every text segment is. */
  textFile: Uint8Array;
  /** Stored output segments, by number. */
  stored: Uint8Array[];
  segments: number;
  segmentMs: number;
  durationMs: number;
  /** Decoded text of all segments together. */
  textBytes: number;
}

const chunkBytes = 4096;
const eventMs = 500;
const eventsOfSegment = Math.ceil(segmentTextBytes / (chunkBytes + 220));

/** What the first line of the screen says from the first event of segment `seq` on. */
export function namedSegment(seq: number): string {
  return `this is segment ${String(seq).padStart(6, '0')}`;
}

/** One segment's writes: its name in the first line, which the scroll region leaves alone, then `count` screenfuls below it. */
function makeWrites(seq: number, count: number): string[] {
  const words = 'the quick brown fox jumps over the lazy dog ';
  return Array.from({ length: count }, (_, at) => {
    const line = `${at} ${words}`.repeat(2).slice(0, 78);
    const name = at === 0 ? `\x1b[1;1H${namedSegment(seq)}\x1b[2;24r` : '';
    return `${name}\x1b[2;1H${`${line}\r\n`.repeat(200).slice(0, chunkBytes)}\x1b[24;1H`;
  });
}

/** The same output as one asciicast file of about `bytes`, for any player: its lines, a segment's at a time, and how long it lasts by then. */
export function* makeLongCast(bytes: number): Generator<{ text: string; durationMs: number }> {
  const head = formatCastHeader({ version: 3, term: { cols: 80, rows: 24, type: 'xterm-256color' }, timestamp: 0 });
  let written = 0;
  for (let seq = 0; written < bytes; seq += 1) {
    const events = makeWrites(seq, eventsOfSegment).map((data) => formatCastEvent(eventMs, 'o', data));
    const text = (seq === 0 ? head : '') + events.join('');
    written += text.length;
    yield { text, durationMs: (seq + 1) * eventsOfSegment * eventMs };
  }
}

/** The screen that every segment but the first begins with: that at the end of the one before it, which differs by its name alone. */
function makeKeyframes(count: number): (seq: number) => string {
  const screen = new ScreenModel({ cols: 80, rows: 24 });
  for (const data of makeWrites(0, count)) screen.write(Buffer.from(data));
  const keyframe = screen.keyframe();
  if (keyframe === null) throw new Error('the screen at a cut cannot be said');
  return (seq) => formatKeyframe({ ...keyframe, init: keyframe.init.replace(namedSegment(0), namedSegment(seq - 1)) });
}

/** Whose recording it is; keys and identity as `RecordingWorld` has them. Its folder is removed. */
export interface LongRecordingOf extends Pick<RecordingWorld, 'folder' | 'grant' | 'grantSigned' | 'options' | 'keys'> {
  identity: string;
}

async function ofNobody(): Promise<LongRecordingOf> {
  const world = await makeRecordingWorld();
  return { ...world, identity: world.identities.output };
}

/** Makes one of `segments` segments. */
export async function makeLongRecording(segments: number, of?: LongRecordingOf): Promise<LongRecording> {
  const world = of ?? (await ofNobody());
  const recorder = await openRecorder(world.options);
  await recorder.close({ kind: 'exit', status: 0, signal: null });
  const { header } = parseManifest(await readFile(join(world.folder, 'manifest'), 'utf8'));
  await rm(world.folder, { recursive: true, force: true });
  const { sessionId, recipients } = world.grant;
  const writer = new ManifestWriter(header);
  const events = eventsOfSegment;
  const writes = makeWrites(0, events);
  const outputBytes = Buffer.byteLength(writes.join(''));
  const body = writes.map((data, at) => formatCastEvent(at === 0 ? 1 : eventMs, 'o', data)).join('');
  const keyframe = makeKeyframes(events);
  const textFile = await sealSegment(Buffer.from('{}\n'), { level: 3, recipients: recipients.text.slice(0, 1) });
  const span = 1 + (events - 1) * eventMs;
  const stored: Uint8Array[] = [];
  let textBytes = 0;
  let endMs = 0;
  for (let seq = 0; seq < segments; seq += 1) {
    const comment = {
      segment: seq,
      stream: 'output' as const,
      session: sessionId,
      atMs: endMs,
      offset: seq * outputBytes,
    };
    const head =
      seq === 0
        ? formatCastHeader({
            version: 3,
            term: { cols: header.terminal.cols, rows: header.terminal.rows, type: header.terminal.term },
            timestamp: Math.floor(Date.parse(header.started) / 1000),
          })
        : `${formatSegmentComment(comment)}${keyframe(seq)}`;
    const text = Buffer.from(head + body.replace(namedSegment(0), namedSegment(seq)));
    const sealed = await sealSegment(text, { level: 3, recipients: recipients.output.slice(0, 1) });
    stored.push(sealed);
    textBytes += text.length;
    writer.segment({
      stream: 'output',
      seq,
      file: segmentFile('output', seq),
      sha256: createHash('sha256').update(sealed).digest('hex'),
      bytes: sealed.length,
      t0: endMs + 1,
      t1: endMs + span,
      events: { o: events },
      frames: (seq + 1) * events,
      why: 'size',
    });
    // Nobody has the key of the texts: what is in them is not looked at.
    writer.segment({
      stream: 'text',
      seq,
      file: segmentFile('text', seq),
      sha256: createHash('sha256').update(textFile).digest('hex'),
      bytes: textFile.length,
      t0: endMs + 1,
      t1: endMs + span,
      events: {},
      frames: 0,
      why: 'size',
    });
    endMs += span;
  }
  writer.end({
    outputBytes: segments * outputBytes,
    outputSegments: segments,
    inputBytes: 0,
    inputSegments: 0,
    textSegments: segments,
    anchors: 0,
    frames: segments * events,
    chain: '0'.repeat(64),
    at: new Date().toISOString(),
    kind: 'exit',
    reason: 'exit 0',
  });
  const { options, keys } = world;
  const signature = signSsh({ privateKey: options.sessionKey, namespace: namespaces.recording, message: writer.text });
  const { serverKey, ...rest } = keys;
  return {
    view: makeView(world.grant),
    serverKey,
    answer: { manifest: writer.text, signature, receipts: [], grant: world.grantSigned, ...rest, serverKey },
    identity: world.identity,
    textFile,
    stored,
    segments,
    segmentMs: span,
    durationMs: endMs,
    textBytes,
  };
}

function makeView(grant: RecordingWorld['grant']): RecordingView {
  return {
    sessionId: grant.sessionId,
    user: grant.user,
    device: grant.device,
    target: { id: 't', name: 'web-1', address: '127.0.0.1:22', production: true },
    login: 'deploy',
    credential: 'certificate',
    route: 'relay',
    reason: null,
    startedAt: 'now',
    endedAt: 'now',
    durationMs: null,
    state: 'complete',
    because: null,
    endReason: null,
    killedBy: null,
    evidence: 'recorder-only',
    wire: null,
    segments: [],
    bytes: 0,
    journal: null,
    mayUnlock: ['output'],
    review: {
      reviewed: null,
      hold: null,
      bookmarks: 0,
      findings: { open: 0, closed: 0, worst: null },
      may: { review: false, hold: false },
    },
  };
}
