import { createHash } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import type { Manifest, SegmentLine } from '../../shared/record/manifest.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { type BadPlace, type Check, CheckList } from './checks.ts';
import { checkGrant, checkReceipts, checkSignatures, type RecordingDocuments } from './verify-documents.ts';

export interface Verification {
  ok: boolean;
  /** The server's key was the asker's own. Without that, who changed the recording could have changed the key beside it as well. */
  pinned: boolean;
  checks: Check[];
  firstBad: BadPlace | null;
  /** The manifest has its end line. A recording without one may be whole as far as it goes. */
  ended: boolean;
  segments: number;
  /** Bytes of all segments as stored. */
  bytes: number;
  /** Null when its text could not be read. */
  manifest: Manifest | null;
}

export interface VerifyOptions extends RecordingDocuments {
  /** Whether `serverKey` was kept by the asker from before, or came with the recording. */
  serverKeyPinned: boolean;
  /** A stored segment's bytes, or null when it is missing. */
  segment: (stream: KeyedStream, seq: number) => Promise<Uint8Array | null>;
}

function readManifest(text: string, list: CheckList): Manifest | null {
  try {
    const manifest = parseManifest(text);
    list.good('manifest chain', `${manifest.lines} lines, each follows from those before it`);
    return manifest;
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    list.bad('manifest chain', `manifest line ${error.facts?.line ?? '?'}`, error.message);
    return null;
  }
}

/** What is wrong with one stored segment, or null. */
function segmentFault(line: SegmentLine, stored: Uint8Array | null): string | null {
  if (stored === null) return 'is missing';
  if (stored.length !== line.bytes) return `has ${stored.length} bytes, the manifest says ${line.bytes}`;
  return createHash('sha256').update(stored).digest('hex') === line.sha256
    ? null
    : 'was changed: its digest is not the one in the manifest';
}

async function checkSegments(options: VerifyOptions, manifest: Manifest, list: CheckList): Promise<void> {
  let faults = 0;
  for (const line of manifest.segments) {
    const fault = segmentFault(line, await options.segment(line.stream, line.seq));
    if (fault === null) continue;
    faults += 1;
    list.bad('segments', `${line.stream} segment ${line.seq} (${line.file})`, fault);
  }
  if (faults === 0) list.good('segments', `${manifest.segments.length} stored as the manifest says, none missing`);
}

function checkEnd(manifest: Manifest, list: CheckList): void {
  if (manifest.end === null) list.good('end', 'none: the recording is incomplete after its last segment');
  else list.good('end', `${manifest.end.reason}, ${manifest.end.at}`);
}

/**
 * Checks a recording without any key that opens it: signatures, grant, chain, every stored byte, receipts. All trust comes from `serverKey`. Names the first
 * place that does not hold. Throws only what `segment` throws.
 */
export async function verifyRecording(options: VerifyOptions): Promise<Verification> {
  const list = new CheckList();
  list.good(
    'server key',
    options.serverKeyPinned
      ? 'pinned'
      : 'taken from beside the recording, not pinned: compare it with the one you trust',
  );
  const manifest = readManifest(options.manifest, list);
  checkSignatures(options, list);
  if (manifest !== null) {
    checkGrant(options, manifest, list);
    await checkSegments(options, manifest, list);
    checkReceipts(options, manifest, list);
    checkEnd(manifest, list);
  }
  return {
    ok: list.firstBad === null,
    pinned: options.serverKeyPinned,
    checks: list.checks,
    firstBad: list.firstBad,
    ended: manifest !== null && manifest.end !== null,
    segments: manifest?.segments.length ?? 0,
    bytes: manifest?.segments.reduce((sum, line) => sum + line.bytes, 0) ?? 0,
    manifest,
  };
}
