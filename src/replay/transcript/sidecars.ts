import { createHash } from 'node:crypto';
import { openSegment } from '../../recording/segments/seal.ts';
import type { Settled } from '../../recording/text-lines/settle-times.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { TranscriptLine } from '../../shared/protocol/replay.ts';
import type { SegmentLine } from '../../shared/record/manifest.ts';
import { type TextEntry, textEntrySchema } from '../../shared/record/text-lines.ts';

/** The entries of a text sidecar, its header left out. Throws SP-3030 where a line is none. */
export function entriesOf(text: string): TextEntry[] {
  const [, ...lines] = text.trimEnd().split('\n');
  return lines.map((line) => {
    try {
      return readEntry(JSON.parse(line));
    } catch (cause) {
      throw new SallyportError('SP-3030', 'It holds a line that is no entry of a text.', { cause });
    }
  });
}

/** As the schema reads it, which costs much for what most entries are: a line, or a command. Throws what it throws. */
function readEntry(value: unknown): TextEntry {
  if (typeof value === 'object' && value !== null && Object.keys(value).length === 2 && 't' in value) {
    const { t } = value;
    if (typeof t === 'number' && Number.isSafeInteger(t) && t >= 0) {
      if ('line' in value && typeof value.line === 'string') return { t, line: value.line };
      if ('command' in value && typeof value.command === 'string') return { t, command: value.command };
    }
  }
  return textEntrySchema.parse(value);
}

/** What entries are in a transcript. */
export function linesOf(settled: readonly Settled[]): TranscriptLine[] {
  return settled.map(({ entry, t, seen }): TranscriptLine => {
    const times = seen === t ? { atMs: t } : { atMs: t, seenMs: seen };
    if ('line' in entry) return { ...times, kind: 'line', text: entry.line, alternate: entry.alternate === true };
    if ('command' in entry) return { ...times, kind: 'command', text: entry.command, alternate: false };
    return { ...times, kind: 'gap', text: entry.gap, alternate: false };
  });
}

/** Opens a stored sidecar, only when it is byte for byte what the manifest names. Answers the fault in words where it is not, or does not open. */
export async function openSidecar(
  line: SegmentLine,
  stored: Uint8Array | null,
  identity: string,
): Promise<{ entries: TextEntry[]; fault: string | null }> {
  const bad = (fault: string) => ({ entries: [], fault });
  if (stored === null) return bad('it is missing');
  if (createHash('sha256').update(stored).digest('hex') !== line.sha256)
    return bad('it was changed: its digest is not the one in the manifest');
  try {
    return { entries: entriesOf(Buffer.from(await openSegment(stored, identity)).toString('utf8')), fault: null };
  } catch (error) {
    if (error instanceof SallyportError) return bad(error.message);
    throw error;
  }
}
