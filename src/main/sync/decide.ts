import { journalFile, type SpoolContent, type SpoolPart } from './spool.ts';

/** The next thing to do for one folder. */
export type SyncStep =
  | { act: 'put-part'; part: SpoolPart }
  | { act: 'put-manifest' }
  | { act: 'put-journal' }
  /** These are in the store and receipted, and their time here is over. */
  | { act: 'release'; files: string[] }
  /** All of it is in the store and receipted, or there is nothing to keep. */
  | { act: 'remove' }
  /** Nothing to do until the session seals more, or until `untilMs`. */
  | { act: 'rest'; untilMs: number | null };

export interface SyncFacts {
  /** A session process may still write there. */
  live: boolean;
  /** Names of parts the server has taken in this run; what a receipt covers is stored too. */
  stored: ReadonlySet<string>;
  /** The server misses what its receipts cover: what is still here goes once more. */
  resend: boolean;
  /** How long what is stored stays here too, from its receipt on. */
  keepStoredMs: number;
  nowMs: number;
}

export function partName(part: { stream: string; seq: number }): string {
  return `${part.stream}/${part.seq}`;
}

/**
 * Decides from what lies in the folder. Parts go in the manifest's order, then the manifest; a journal goes only when its session is over and has no end line. Nothing
 * is released that no receipt covers. A line that is a receipt itself is no reason to send the manifest again: that would never end. Pure.
 */
export function nextStep(content: SpoolContent, facts: SyncFacts): SyncStep {
  const { manifest, journalBytes } = content;
  if (manifest !== null) {
    const part = partsLeft(content, facts)[0];
    if (part !== undefined) return { act: 'put-part', part };
    if (facts.resend || manifest.worth > (content.receipt?.lines ?? 0)) return { act: 'put-manifest' };
    if (manifest.ended || facts.live) return release(content, facts);
  }
  if (facts.live) return { act: 'rest', untilMs: null };
  return journalBytes === null ? { act: 'remove' } : { act: 'put-journal' };
}

/** The parts that have to go up, in the manifest's order. */
function partsLeft(
  { manifest, receipt, files }: SpoolContent,
  facts: Pick<SyncFacts, 'stored' | 'resend'>,
): SpoolPart[] {
  const covered = receipt?.lines ?? 0;
  const goes = (part: SpoolPart) => part.line >= covered || (facts.resend && files.has(part.file));
  return manifest?.parts.filter((part) => goes(part) && !facts.stored.has(partName(part))) ?? [];
}

/** What may go of a recording that has nothing to send: each part when the time since its own receipt is over, the folder with the last of them. */
function release({ manifest, receipt, receiptTimes, files }: SpoolContent, facts: SyncFacts): SyncStep {
  if (manifest === null || receipt === null) return { act: 'rest', untilMs: null };
  const isWhole = manifest.ended && receipt.ended && !facts.live;
  const wholeUntilMs = Date.parse(receipt.at) + facts.keepStoredMs;
  if (isWhole && facts.nowMs >= wholeUntilMs) return { act: 'remove' };
  // Everything of it is in segments by now.
  const over = isWhole && files.has(journalFile) ? [journalFile] : [];
  let untilMs = isWhole ? wholeUntilMs : Number.POSITIVE_INFINITY;
  for (const { line, file } of manifest.parts) {
    if (line >= receipt.lines || !files.has(file)) continue;
    const at = receiptTimes.find((one) => one.lines > line)?.atMs ?? Date.parse(receipt.at);
    if (facts.nowMs >= at + facts.keepStoredMs) over.push(file);
    else untilMs = Math.min(untilMs, at + facts.keepStoredMs);
  }
  if (over.length > 0) return { act: 'release', files: over };
  return { act: 'rest', untilMs: Number.isFinite(untilMs) ? untilMs : null };
}

/** Bytes that still have to go up for this folder. */
export function bytesLeft(content: SpoolContent, options: Pick<SyncFacts, 'live' | 'stored' | 'resend'>): number {
  let bytes = partsLeft(content, options).reduce((sum, part) => sum + part.bytes, 0);
  if (!options.live && content.manifest?.ended !== true) bytes += content.journalBytes ?? 0;
  return bytes;
}
