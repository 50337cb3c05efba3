import { createHash } from 'node:crypto';
import { type WireDirection, type WireHead, wireDirections, wireFile } from '../../shared/record/wire.ts';
import type { CheckList } from './checks.ts';
import type { ByteStream, RecordingSource } from './source.ts';
import type { CommittedWire } from './verify-receipts.ts';

const headKeys = { 'to-target': 'toTarget', 'from-target': 'fromTarget' } as const satisfies Record<
  WireDirection,
  keyof WireHead
>;

/** A length of one direction that a receipt commits to. */
interface Mark {
  by: string;
  bytes: number;
  sha256: string;
}

/** Reads one direction once and compares its digest at each mark (ascending). Returns what does not hold, or null, and the direction's length. */
async function checkMarks(
  stream: ByteStream,
  marks: readonly Mark[],
  closedAt: number | null,
): Promise<{ fault: string | null; bytes: number }> {
  const hash = createHash('sha256');
  const left = [...marks];
  let bytes = 0;
  const compare = (): string | null => {
    while (left[0]?.bytes === bytes) {
      const mark = left.shift();
      if (mark !== undefined && hash.copy().digest('hex') !== mark.sha256)
        return `its first ${bytes} bytes are not those that ${mark.by} commits to`;
    }
    return null;
  };
  let fault = compare();
  for await (const chunk of stream) {
    let at = 0;
    while (at < chunk.length && fault === null) {
      const next = Math.min(chunk.length, at + (left[0] === undefined ? chunk.length : left[0].bytes - bytes));
      hash.update(chunk.subarray(at, next));
      bytes += next - at;
      at = next;
      fault = compare();
    }
    if (fault !== null) break;
  }
  const mark = left[0];
  if (fault === null && mark !== undefined)
    fault = `has ${bytes} bytes, ${mark.by} commits to ${mark.bytes}: some were removed`;
  if (fault === null && closedAt !== null && bytes > closedAt)
    fault = `has ${bytes} bytes, although it was closed at ${closedAt}`;
  return { fault, bytes };
}

export interface KeptWire {
  /** Both directions are here and are what the receipts commit to. */
  held: boolean;
  bytes: number;
}

/**
 * Checks the kept wire against the heads that receipts commit to. Needs no key. A wire that is not here is no fault, since it may be released
 * before its recording; the level of evidence is lower then.
 */
export async function checkWireHeads(
  source: RecordingSource,
  committed: readonly CommittedWire[],
  list: CheckList,
): Promise<KeptWire> {
  const kept: KeptWire = { held: false, bytes: 0 };
  const last = committed.at(-1);
  let present = 0;
  for (const direction of wireDirections) {
    const stream = (await source.wire?.(direction)) ?? null;
    if (stream === null) continue;
    present += 1;
    const key = headKeys[direction];
    const marks = committed.map(({ by, head }) => ({ by, ...head[key] }));
    const { fault, bytes } = await checkMarks(stream, marks, last?.head.closed === true ? last.head[key].bytes : null);
    if (fault !== null) list.bad('wire', wireFile(direction), fault);
    kept.bytes += bytes;
  }
  if (!list.holds('wire')) return kept;
  const said = (last?.head.toTarget.bytes ?? 0) + (last?.head.fromTarget.bytes ?? 0);
  if (present === 1) list.bad('wire', 'wire', 'one of its two directions is missing');
  else if (present === 0 && said > 0)
    list.good('wire', `not here; the receipts commit to ${said} bytes of it. It may have been released`);
  else if (present === 0) list.good('wire', 'none was kept');
  else if (last === undefined)
    list.good('wire', `${kept.bytes} bytes that no receipt commits to: they may have been made later`);
  else {
    kept.held = true;
    const open = kept.bytes > said ? `; ${kept.bytes - said} bytes came after the last receipt` : '';
    list.good('wire', `${said} bytes as the receipts commit to${open}`);
  }
  return kept;
}
