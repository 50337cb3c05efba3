import { createHash } from 'node:crypto';
import type { PartKind } from '../../shared/model/recording.ts';
import type { AnchorLine, Manifest, SegmentLine } from '../../shared/record/manifest.ts';
import type { CheckList } from './checks.ts';
import type { RecordingSource } from './source.ts';

/** What is wrong with one stored part, or null. */
export function storedFault(line: SegmentLine | AnchorLine, stored: Uint8Array | null): string | null {
  if (stored === null) return 'is missing';
  if (stored.length !== line.bytes) return `has ${stored.length} bytes, the manifest says ${line.bytes}`;
  return createHash('sha256').update(stored).digest('hex') === line.sha256
    ? null
    : 'was changed: its digest is not the one in the manifest';
}

/** How a person finds a part: kind, number and file. */
export function partPlace(kind: PartKind, line: { seq: number; file: string }): string {
  return kind === 'anchor' ? `anchor ${line.seq} (${line.file})` : `${kind} segment ${line.seq} (${line.file})`;
}

/** Every stored segment against its line; one at a time in memory. */
export async function checkSegments(source: RecordingSource, manifest: Manifest, list: CheckList): Promise<void> {
  let faults = 0;
  for (const line of manifest.segments) {
    const fault = storedFault(line, await source.segment(line.stream, line.seq));
    if (fault === null) continue;
    faults += 1;
    list.bad('segments', partPlace(line.stream, line), fault);
  }
  if (faults === 0) list.good('segments', `${manifest.segments.length} stored as the manifest says, none missing`);
}
