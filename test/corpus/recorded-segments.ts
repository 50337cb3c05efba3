import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { openSegment } from '../../src/recording/segments/seal.ts';
import { type CastText, parseCast } from '../../src/recording/text/cast.ts';
import type { RecordedEvent } from '../../src/shared/record/events.ts';
import type { Manifest, SegmentLine } from '../../src/shared/record/manifest.ts';

export interface OpenedSegment {
  line: SegmentLine;
  text: Buffer;
  cast: CastText;
}

export interface OpenedFolder {
  manifest: Manifest;
  output: OpenedSegment[];
  input: RecordedEvent[];
  /** Text sidecars as stored, in order. */
  texts: string[];
}

/** Opens every segment that a spool folder's manifest names. */
export async function openFolder(
  folder: string,
  identities: { output: string; input: string; text: string },
): Promise<OpenedFolder> {
  const manifest = parseManifest(readFileSync(join(folder, 'manifest'), 'utf8'));
  const opened: OpenedFolder = { manifest, output: [], input: [], texts: [] };
  for (const line of manifest.segments) {
    const text = Buffer.from(await openSegment(readFileSync(join(folder, line.file)), identities[line.stream]));
    if (line.stream === 'text') opened.texts.push(text.toString('utf8'));
    else if (line.stream === 'output') opened.output.push({ line, text, cast: parseCast(text) });
    else opened.input.push(...parseCast(text).events);
  }
  return opened;
}

export function bytesOf(events: readonly RecordedEvent[], code: 'o' | 'i'): Buffer {
  return Buffer.concat(events.filter((event) => event.code === code).map((event) => event.data));
}
