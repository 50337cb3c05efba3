import type { SpoolContent, SpoolSegment } from './spool.ts';

/** The next thing to do for one folder. */
export type SyncStep =
  | { act: 'put-segment'; segment: SpoolSegment }
  | { act: 'put-manifest' }
  | { act: 'put-journal' }
  /** All of it is in the store and receipted, or there is nothing to keep. */
  | { act: 'remove' }
  /** Nothing to do until the session seals more. */
  | { act: 'rest' };

export function segmentName(segment: { stream: string; seq: number }): string {
  return `${segment.stream}/${segment.seq}`;
}

/**
 * Decides from what lies in the folder. `live`: a session process may still write there. `stored`: names of segments the server has taken in
 * this run; what a receipt covers is stored too. Segments go in the manifest's order, then the manifest; a journal goes only when its session
 * is over and has no end line. Pure.
 */
export function nextStep(content: SpoolContent, options: { live: boolean; stored: ReadonlySet<string> }): SyncStep {
  const { manifest, receipt, journalBytes } = content;
  if (manifest !== null) {
    const covered = receipt?.lines ?? 0;
    const segment = manifest.segments.find((one) => one.line >= covered && !options.stored.has(segmentName(one)));
    if (segment !== undefined) return { act: 'put-segment', segment };
    if (manifest.lines.length > covered) return { act: 'put-manifest' };
    if (manifest.ended) return receipt?.ended === true && !options.live ? { act: 'remove' } : { act: 'rest' };
  }
  if (options.live) return { act: 'rest' };
  return journalBytes === null ? { act: 'remove' } : { act: 'put-journal' };
}

/** Bytes that still have to go up for this folder. */
export function bytesLeft(content: SpoolContent, options: { live: boolean; stored: ReadonlySet<string> }): number {
  const covered = content.receipt?.lines ?? 0;
  let bytes = 0;
  for (const segment of content.manifest?.segments ?? [])
    if (segment.line >= covered && !options.stored.has(segmentName(segment))) bytes += segment.bytes;
  if (!options.live && content.manifest?.ended !== true) bytes += content.journalBytes ?? 0;
  return bytes;
}
