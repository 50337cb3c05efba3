import { segmentTextBytesRefused } from '../../shared/record/segments.ts';
import { ageOpen, ageSeal } from '../codecs/age.ts';
import { zstdCompress, zstdDecompress } from '../codecs/zstd.ts';

/** A segment as it is kept: zstd, then age. */
export async function sealSegment(
  text: Uint8Array,
  options: { level: number; recipients: readonly string[] },
): Promise<Uint8Array> {
  return ageSeal(await zstdCompress(text, options.level), options.recipients);
}

/** A segment's text. Throws SP-3030 when it does not open. */
export async function openSegment(stored: Uint8Array, identity: string): Promise<Uint8Array> {
  return zstdDecompress(await ageOpen(stored, identity), segmentTextBytesRefused);
}
