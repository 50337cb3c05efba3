import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import type { EvidenceLevel } from '../../shared/model/session.ts';
import type { Manifest } from '../../shared/record/manifest.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { type BadPlace, type Check, CheckList } from './checks.ts';
import { sayLevel } from './evidence-level.ts';
import type { Identities, RecordingSource } from './source.ts';
import { checkAnchors } from './verify-anchors.ts';
import { checkContents } from './verify-contents.ts';
import { checkCrossing } from './verify-crossing.ts';
import { checkGrant, checkSignatures, type RecordingDocuments } from './verify-documents.ts';
import { checkJournal } from './verify-journal.ts';
import { checkSegments } from './verify-parts.ts';
import { checkReceipts } from './verify-receipts.ts';
import { ScreenChecker } from './verify-screen.ts';
import { checkWireHeads } from './verify-wire.ts';

export interface Verification {
  /** Everything that was looked at is as it must be. */
  ok: boolean;
  /** `ok`, and nothing is missing: it has its end, and the server had it up to there. Null or reasons, in words. */
  notWhole: string | null;
  /** The server's key was the asker's own. Without that, who changed the recording could have changed the key beside it as well. */
  pinned: boolean;
  checks: Check[];
  firstBad: BadPlace | null;
  /** The manifest has its end line. A recording without one may be whole as far as it goes. */
  ended: boolean;
  /** What stands behind it, by what held; null when the manifest could not be read. */
  evidence: EvidenceLevel | null;
  /** The streams that were opened. */
  opened: KeyedStream[];
  segments: number;
  /** Bytes of all segments as stored. */
  bytes: number;
  /** Null when its text could not be read. */
  manifest: Manifest | null;
}

export interface VerifyOptions extends RecordingSource {
  /** With these, everything that they open is opened and checked as well: contents, text, anchors, wire, journal. */
  identities?: Identities;
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

function checkEnd(manifest: Manifest, list: CheckList): void {
  if (manifest.end === null) list.lacks('end', 'none: the recording is incomplete after its last segment');
  else list.good('end', `${manifest.end.reason}, ${manifest.end.at}`);
  // Whatever crossed after it is bounded by nothing, and it is the endpoint that says when its record failed.
  if (manifest.end?.kind === 'recorder-failed' && manifest.header.mode === 'best-effort')
    list.lacks('record', 'it ended when the record failed; the session may have gone on unrecorded');
}

/**
 * Checks what stands in words only: chain, signatures, grant and receipts. Whoever then reads a part and compares it with its line in the manifest (`openedSegments` does)
 * needs no more to trust what it holds.
 */
export function verifyDocuments(documents: RecordingDocuments): {
  manifest: Manifest | null;
  firstBad: BadPlace | null;
} {
  const list = new CheckList();
  const manifest = readManifest(documents.manifest, list);
  checkSignatures(documents, list);
  if (manifest !== null) {
    checkGrant(documents, manifest, list);
    checkReceipts(documents, manifest, list);
  }
  return { manifest, firstBad: list.firstBad };
}

/**
 * Checks a recording: signatures, grant, chain, every stored byte, anchors, receipts, the wire's heads; with identities also everything that they open. All trust
 * comes from `serverKey`. Names the first place that does not hold. Holds one segment in memory at a time. Throws only what the source throws.
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
  const evidence = manifest === null ? null : await checkAll(options, manifest, list);
  return {
    ok: list.firstBad === null,
    notWhole: list.missing.length === 0 ? null : list.missing.join('; '),
    pinned: options.serverKeyPinned,
    checks: list.checks,
    firstBad: list.firstBad,
    ended: manifest !== null && manifest.end !== null,
    evidence,
    opened: manifest === null ? [] : (Object.keys(options.identities ?? {}) as KeyedStream[]),
    segments: manifest?.segments.length ?? 0,
    bytes: manifest?.segments.reduce((sum, line) => sum + line.bytes, 0) ?? 0,
    manifest,
  };
}

async function checkAll(options: VerifyOptions, manifest: Manifest, list: CheckList): Promise<EvidenceLevel> {
  const identities = options.identities ?? {};
  const recording = { source: options, manifest, identities };
  const grant = checkGrant(options, manifest, list);
  await checkSegments(options, manifest, list);
  const anchors = await checkAnchors(recording, grant, list);
  const committed = checkReceipts(options, manifest, list);
  const wire = await checkWireHeads(options, committed, list);
  let compared = false;
  if (Object.keys(identities).length > 0 && list.holds('segments')) {
    const screen = new ScreenChecker(recording, list);
    const opened = await checkContents(recording, screen, list);
    if (opened.output !== undefined && list.holds('contents')) screen.finish();
    const journal = await checkJournal(recording, opened, list);
    const rest = manifest.end === null && journal !== null ? journal.events : null;
    if (wire.bytes > 0 && list.holds('wire') && list.holds('contents') && list.holds('anchors'))
      compared = await checkCrossing(recording, anchors, rest, list);
  }
  const level = sayLevel(anchors, { ...wire, compared }, list);
  checkEnd(manifest, list);
  return level;
}
