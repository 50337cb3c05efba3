import type { PartKind } from '../model/recording.ts';
import { anchorFile } from './anchors.ts';
import { segmentFile } from './segments.ts';

/** The name of a part's file, in every store and folder. */
export function partFile(kind: PartKind, seq: number): string {
  return kind === 'anchor' ? anchorFile(seq) : segmentFile(kind, seq);
}
