import type { RecordedEvent } from '../shared/record/events.ts';
import type { Part } from './part-store.ts';
import { blockBytes, type LoadedPart, pack } from './parts.ts';

/** Events of a journal that are kept, in bytes; what comes later is not shown, and that is said. */
export const journalBytesAtMost = 268_435_456;
const partBytes = 262_144;

/** The output of a journal as parts, which are in memory: a journal is read in one go. `fullAtMs`: from when on nothing was kept, or null. */
export function journalParts(
  events: readonly RecordedEvent[],
  atMost = journalBytesAtMost,
): { parts: Part[]; fullAtMs: number | null } {
  const parts: Part[] = [];
  let kept = 0;
  let from = 0;
  while (from < events.length) {
    let size = 0;
    let to = from;
    while (to < events.length && size < partBytes) {
      size += events[to]?.data.length ?? 0;
      to += 1;
    }
    const t0 = events[from]?.atMs ?? 0;
    const loaded: LoadedPart = { block: pack(events.slice(from, to)), start: null, fault: null };
    kept += blockBytes(loaded.block);
    if (kept > atMost) return { parts, fullAtMs: t0 };
    parts.push({ t0, t1: events[to - 1]?.atMs ?? t0, load: () => Promise.resolve(loaded) });
    from = to;
  }
  return { parts, fullAtMs: null };
}
