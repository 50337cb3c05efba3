import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ManifestWriter } from '../../src/recording/manifest/manifest-writer.ts';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { sealSegment } from '../../src/recording/segments/seal.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import {
  formatCastEvent,
  formatCastHeader,
  formatKeyframe,
  formatSegmentComment,
} from '../../src/recording/text/cast.ts';
import type { ManifestAnswer } from '../../src/replay/fetcher.ts';
import type { RecordingView } from '../../src/shared/model/recording.ts';
import { namespaces } from '../../src/shared/protocol/signed.ts';
import { segmentFile, segmentTextBytes } from '../../src/shared/record/segments.ts';
import { makeRecordingWorld, startRecorder } from '../integration/recording-fixture.ts';

/** A recording of any length whose every byte verifies, made in little time: each segment holds the same output but for its keyframe. */
export interface LongRecording {
  view: RecordingView;
  serverKey: string;
  answer: ManifestAnswer;
  identity: string;
  /** Stored output segments, by number. */
  stored: Uint8Array[];
  segmentMs: number;
  durationMs: number;
  /** Decoded text of all segments together. */
  textBytes: number;
}

const chunkBytes = 4096;
const eventMs = 500;

/** One segment's events: `count` writes of a screenful each, below the first line of the screen, which its keyframe names. */
function makeBody(count: number): { text: string; outputBytes: number } {
  const words = 'the quick brown fox jumps over the lazy dog ';
  const events: string[] = [];
  let outputBytes = 0;
  for (let at = 0; at < count; at += 1) {
    const line = `${at} ${words}`.repeat(2).slice(0, 78);
    const data = `\x1b[2;1H${`${line}\r\n`.repeat(200)}`.slice(0, chunkBytes - 20).concat('\x1b[24;1H');
    outputBytes += Buffer.byteLength(data);
    events.push(formatCastEvent(at === 0 ? 1 : eventMs, 'o', data));
  }
  return { text: events.join(''), outputBytes };
}

/** What the first line of the screen says in segment `seq`, whatever moment of it is shown. */
export function namedSegment(seq: number): string {
  return `this is segment ${seq}`;
}

function keyframe(seq: number): string {
  // The first line is outside the scroll region: what the segment writes never moves it.
  return formatKeyframe({ cols: 80, rows: 24, init: `\x1bc\x1b[1;1H${namedSegment(seq)}\x1b[2;24r\x1b[2;1H` });
}

/** Makes one of `segments` segments. */
export async function makeLongRecording(segments: number): Promise<LongRecording> {
  const world = await makeRecordingWorld();
  const recorder = await startRecorder(world);
  await recorder.close({ kind: 'exit', status: 0, signal: null });
  const { header } = parseManifest(await readFile(join(world.folder, 'manifest'), 'utf8'));
  await rm(world.folder, { recursive: true, force: true });
  const { sessionId, recipients } = world.grant;
  const writer = new ManifestWriter(header);
  const events = Math.ceil(segmentTextBytes / (chunkBytes + 220));
  const body = makeBody(events);
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
      offset: seq * body.outputBytes,
    };
    const head =
      seq === 0
        ? formatCastHeader({
            version: 3,
            term: { cols: header.terminal.cols, rows: header.terminal.rows, type: header.terminal.term },
            timestamp: Math.floor(Date.parse(header.started) / 1000),
          })
        : `${formatSegmentComment(comment)}${keyframe(seq)}`;
    const text = Buffer.from(head + body.text);
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
    endMs += span;
  }
  writer.end({
    outputBytes: segments * body.outputBytes,
    outputSegments: segments,
    inputBytes: 0,
    inputSegments: 0,
    textSegments: 0,
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
    identity: world.identities.output,
    stored,
    segmentMs: span,
    durationMs: endMs,
    textBytes,
  };
}

function makeView(grant: Awaited<ReturnType<typeof makeRecordingWorld>>['grant']): RecordingView {
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
  };
}
