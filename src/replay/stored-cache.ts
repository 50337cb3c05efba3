import type { PartKind } from '../shared/model/recording.ts';
import type { StoredSegments } from './stored-segments.ts';

/** What is stored is a small part of what it holds. */
const bytesAtMost = 67_108_864;

/** Stored parts on their way to those who read all of a recording: what one of them fetched is kept for the others, while there is room. */
export class StoredCache {
  private readonly segments: StoredSegments;
  private readonly kept = new Map<string, Uint8Array>();
  private bytes = 0;

  constructor(segments: StoredSegments) {
    this.segments = segments;
  }

  /** Null where the store has none. Throws what fetching throws. */
  async fetch(kind: PartKind, seq: number): Promise<Uint8Array | null> {
    const name = `${kind} ${seq}`;
    const known = this.kept.get(name);
    if (known !== undefined) return known;
    const stored = await this.segments.fetch(kind, seq);
    if (stored !== null && !this.kept.has(name) && this.bytes + stored.length <= bytesAtMost) {
      this.kept.set(name, stored);
      this.bytes += stored.length;
    }
    return stored;
  }

  /** All of it was read. */
  clear(): void {
    this.kept.clear();
    this.bytes = 0;
  }
}
