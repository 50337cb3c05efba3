import { setImmediate } from 'node:timers/promises';
import { zstdCompress, zstdDecompress } from '../../recording/codecs/zstd.ts';
import type { TranscriptLine } from '../../shared/protocol/replay.ts';
import { blockOfBytes, blockToBytes, lineAt, packLines, type TextBlock, textBlockBytes } from './text-block.ts';

/** What is kept of a transcript, compressed: more than 500 MB of a usual one. What does not fit is read from the store again. */
export const compressedBytesAtMost = 67_108_864;
/** Blocks that were read last, as they are. */
const openBytesAtMost = 16_777_216;
/** A block is what one sidecar holds; more than that is none of ours. */
const blockBytesAtMost = 67_108_864;
const level = 3;

interface Entry {
  /** Index of its first line in the transcript. */
  first: number;
  count: number;
  /** Null where there was no room. */
  compressed: Uint8Array | null;
  reload: (() => Promise<TranscriptLine[]>) | null;
}

/**
 * The lines of a transcript of any length, block by block, in bounded memory. They come in order, once; a block that is not kept is read again where it came from.
 */
export class TranscriptStore {
  private readonly entries: Entry[] = [];
  private readonly atMost: number;
  /** In order of use, the latest last. */
  private readonly open = new Map<number, TextBlock>();
  private openBytes = 0;
  private bytes = 0;
  private total = 0;
  private ended = false;
  private full = false;

  constructor(atMost = compressedBytesAtMost) {
    this.atMost = atMost;
  }

  get lines(): number {
    return this.total;
  }

  get blocks(): number {
    return this.entries.length;
  }

  /** What comes from now on is not kept. */
  get isFull(): boolean {
    return this.full;
  }

  /** Nothing more comes. */
  get isComplete(): boolean {
    return this.ended;
  }

  /** Bytes of what is kept, compressed and not. */
  get keptBytes(): number {
    return this.bytes + this.openBytes;
  }

  /**
   * Takes the next lines. `reload` gives the same lines again. Returns false, and takes nothing, where there is neither room nor a way to read them again.
   */
  async add(lines: readonly TranscriptLine[], reload: (() => Promise<TranscriptLine[]>) | null): Promise<boolean> {
    if (lines.length === 0) return true;
    const compressed = this.full ? null : await zstdCompress(blockToBytes(packLines(lines)), level);
    const fits = compressed !== null && this.bytes + compressed.length <= this.atMost;
    this.full = !fits;
    if (!fits && reload === null) return false;
    if (fits) this.bytes += compressed.length;
    // In memory of its own: what a codec gives may be the beginning of a larger block.
    const own = fits ? new Uint8Array(compressed) : null;
    // What is kept needs nothing of what it was read from.
    this.entries.push({ first: this.total, count: lines.length, compressed: own, reload: fits ? null : reload });
    this.total += lines.length;
    return true;
  }

  end(): void {
    this.ended = true;
  }

  /** Block `index` and its first line. Throws what reading it again throws. */
  async block(index: number): Promise<{ first: number; block: TextBlock }> {
    const entry = this.entries[index];
    if (entry === undefined) throw new RangeError(`no block ${index}`);
    const { first } = entry;
    const known = this.open.get(index);
    if (known !== undefined) {
      this.open.delete(index);
      this.open.set(index, known);
      return { first, block: known };
    }
    const block =
      entry.compressed !== null
        ? blockOfBytes(await zstdDecompress(entry.compressed, blockBytesAtMost))
        : packLines((await entry.reload?.()) ?? []);
    this.keepOpen(index, block);
    return { first, block };
  }

  /** The lines of block `index`. Throws what reading it again throws. */
  async linesOf(index: number): Promise<TranscriptLine[]> {
    const { block } = await this.block(index);
    return Array.from({ length: block.times.length }, (_, at) => lineAt(block, at) ?? gap('not there any more'));
  }

  /** At most `count` lines from `from` on. A block that cannot be read again now gives a gap for each of its lines, with `unread` of why. */
  async read(from: number, count: number, unread: (error: unknown) => string): Promise<TranscriptLine[]> {
    const found: TranscriptLine[] = [];
    const to = Math.min(this.total, from + count);
    for (let at = this.indexOf(from); found.length < to - from; at += 1) {
      const entry = this.entries[at];
      if (entry === undefined) break;
      const [low, high] = [Math.max(from, entry.first) - entry.first, Math.min(to - entry.first, entry.count)];
      try {
        const { block } = await this.block(at);
        for (let index = low; index < high; index += 1) found.push(lineAt(block, index) ?? gap('not there any more'));
      } catch (error) {
        const line = gap(unread(error));
        for (let index = low; index < high; index += 1) found.push(line);
      }
      await setImmediate();
    }
    return found;
  }

  /** The block that holds line `line`. */
  private indexOf(line: number): number {
    let low = 0;
    let high = this.entries.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.entries[middle]?.first ?? 0) <= line) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private keepOpen(index: number, block: TextBlock): void {
    if (this.open.has(index)) return;
    this.open.set(index, block);
    this.openBytes += textBlockBytes(block);
    for (const [oldest, each] of this.open) {
      if (this.openBytes <= openBytesAtMost || oldest === index) break;
      this.open.delete(oldest);
      this.openBytes -= textBlockBytes(each);
    }
  }
}

function gap(text: string): TranscriptLine {
  return { atMs: 0, kind: 'gap', text, alternate: false };
}
