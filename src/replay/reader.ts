import { setImmediate } from 'node:timers/promises';
import { SallyportError } from '../shared/errors/result.ts';
import type { ReplayToScreen, ScreenToReplay } from '../shared/protocol/replay.ts';
import type { PartStore } from './part-store.ts';
import { emptyBlock, eventsOf, type LoadedPart, type ScreenEvent } from './parts.ts';

const batchBytes = 262_144;
const batchEvents = 1000;
type Asked = Extract<ScreenToReplay, { type: 'seek' | 'read' }>;

/** Answers `seek` and `read` in batches, one request after another, so that neither this process nor the screen stands still for long. */
export class Reader {
  private readonly store: PartStore;
  private readonly post: (message: ReplayToScreen) => void;
  private last: Promise<void> = Promise.resolve();

  constructor(store: PartStore, post: (message: ReplayToScreen) => void) {
    this.store = store;
    this.post = post;
  }

  /** Resolves when the last batch was posted. Never rejects: what could not be had is said as the part's fault. */
  answer(asked: Asked): Promise<void> {
    this.last = this.last.then(() => this.store.serve(() => this.serve(asked)));
    return this.last;
  }

  private async serve(asked: Asked): Promise<void> {
    const { index, loaded } = await this.find(asked);
    await this.send(asked.id, index, loaded);
    // What comes next is fetched while this is drawn.
    if (index + 1 < this.store.parts.length) this.store.load(index + 1).catch(() => {});
  }

  private async find(asked: Asked): Promise<{ index: number; loaded: LoadedPart }> {
    const fallback = asked.type === 'read' ? asked.part : this.store.indexAt(asked.toMs);
    try {
      if (asked.type === 'seek') return await this.store.seek(asked.toMs);
      return { index: asked.part, loaded: await this.store.load(asked.part) };
    } catch (error) {
      const why = error instanceof SallyportError ? error.message : 'it could not be read just now';
      return {
        index: fallback,
        loaded: { block: emptyBlock(), start: null, fault: `This part could not be fetched: ${why}` },
      };
    }
  }

  private async send(id: number, part: number, { block, start, fault }: LoadedPart): Promise<void> {
    let first = true;
    let events: ScreenEvent[] = [];
    let bytes = 0;
    const post = (done: boolean) => {
      this.post({ type: 'part', id, part, done, start: first ? start : null, fault, events });
      first = false;
      events = [];
      bytes = 0;
    };
    for (const event of eventsOf(block)) {
      events.push(event);
      if (event.code === 'o') bytes += event.data.length;
      if (bytes < batchBytes && events.length < batchEvents) continue;
      post(false);
      await setImmediate();
    }
    post(true);
  }
}
