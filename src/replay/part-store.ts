import type { ReplayPart } from '../shared/protocol/replay.ts';
import { blockBytes, eventsOf, type LoadedPart, type ScreenEvent } from './parts.ts';

/** Decoded parts are kept up to this; a seek to one that is not takes a fetch and a decryption. */
export const cacheBytesAtMost = 67_108_864;

/** One part: when it is, and how to get it. `load` answers a fault where the part is bad, and throws where it could not be had just now. */
export interface Part extends ReplayPart {
  load: () => Promise<LoadedPart>;
}

/** The output of a recording, part by part, on demand: the parts used last are in memory, the others are fetched when they are asked for. */
export class PartStore {
  readonly parts: readonly Part[];
  private readonly atMost: number;
  /** In order of use, the latest last. */
  private readonly kept = new Map<number, LoadedPart>();
  private readonly loading = new Map<number, Promise<LoadedPart>>();
  private bytes = 0;
  private serving = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(parts: readonly Part[], atMost = cacheBytesAtMost) {
    this.parts = parts;
    this.atMost = atMost;
  }

  /** Bytes of decoded parts in memory. */
  get keptBytes(): number {
    return this.bytes;
  }

  /** Part `index`, from memory or anew; asked for twice at once it is fetched once. Throws what its `load` throws. */
  load(index: number): Promise<LoadedPart> {
    const kept = this.kept.get(index);
    if (kept !== undefined) {
      this.kept.delete(index);
      this.kept.set(index, kept);
      return Promise.resolve(kept);
    }
    const running = this.loading.get(index);
    if (running !== undefined) return running;
    const part = this.parts[index];
    if (part === undefined) return Promise.reject(new RangeError(`no part ${index}`));
    const load = part
      .load()
      .then((loaded) => {
        this.keep(index, loaded);
        return loaded;
      })
      .finally(() => this.loading.delete(index));
    this.loading.set(index, load);
    return load;
  }

  /** Keeps a part that was read for another purpose, where there is room without giving another one up. */
  offer(index: number, loaded: LoadedPart): void {
    if (!this.kept.has(index) && this.bytes + blockBytes(loaded.block) <= this.atMost) this.keep(index, loaded);
  }

  /** The last part that begins by `toMs`. */
  indexAt(toMs: number): number {
    return Math.max(0, this.search((part) => part.t0 <= toMs) - 1);
  }

  /** The part from whose start the screen at `toMs` is drawn: the last that begins by then and knows its screen. */
  async seek(toMs: number): Promise<{ index: number; loaded: LoadedPart }> {
    let index = this.indexAt(toMs);
    for (;;) {
      const loaded = await this.load(index);
      if (index === 0 || (loaded.start !== null && loaded.fault === null)) return { index, loaded };
      index -= 1;
    }
  }

  /** Output and resizes in [fromMs, toMs); bad parts are passed over. */
  async *read(fromMs: number, toMs: number): AsyncGenerator<ScreenEvent> {
    for (let index = this.firstEndingFrom(fromMs); index < this.parts.length; index += 1) {
      if ((this.parts[index]?.t0 ?? Infinity) >= toMs) return;
      const { block } = await this.load(index);
      yield* eventsOf(block, fromMs, toMs);
    }
  }

  /** Runs what a person waits for: what is done in the background waits until it is over. */
  async serve<T>(work: () => Promise<T>): Promise<T> {
    this.serving += 1;
    try {
      return await work();
    } finally {
      this.serving -= 1;
      if (this.serving === 0) for (const wake of this.waiting.splice(0)) wake();
    }
  }

  /** Resolves when nobody waits for a part. */
  async quiet(): Promise<void> {
    while (this.serving > 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private keep(index: number, loaded: LoadedPart): void {
    if (this.kept.has(index)) return;
    this.kept.set(index, loaded);
    this.bytes += blockBytes(loaded.block);
    for (const [oldest, part] of this.kept) {
      // The newest stays, however large: whoever asked for it is about to use it.
      if (this.bytes <= this.atMost || oldest === index) break;
      this.kept.delete(oldest);
      this.bytes -= blockBytes(part.block);
    }
  }

  private firstEndingFrom(fromMs: number): number {
    return this.search((part) => part.t1 < fromMs);
  }

  /** How many parts from the first one on fulfil `holds`, which holds for none after one for which it does not. */
  private search(holds: (part: Part) => boolean): number {
    let low = 0;
    let high = this.parts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const part = this.parts[middle];
      if (part !== undefined && holds(part)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
