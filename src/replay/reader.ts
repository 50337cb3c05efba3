import { setImmediate } from 'node:timers/promises';
import type { ReplayToScreen } from '../shared/protocol/replay.ts';
import type { EventStore, ScreenEvent } from './event-store.ts';

const batchBytes = 262_144;
const batchEvents = 1000;

/** Answers `read` in batches, one request after another, so that neither this process nor the screen stands still for long. */
export class Reader {
  private readonly store: EventStore;
  private readonly post: (message: ReplayToScreen) => void;
  private last: Promise<void> = Promise.resolve();

  constructor(store: EventStore, post: (message: ReplayToScreen) => void) {
    this.store = store;
    this.post = post;
  }

  /** Resolves when the last batch was posted. */
  read(request: { id: number; fromMs: number; toMs: number }): Promise<void> {
    this.last = this.last.then(() => this.serve(request));
    return this.last;
  }

  private async serve({ id, fromMs, toMs }: { id: number; fromMs: number; toMs: number }): Promise<void> {
    let events: ScreenEvent[] = [];
    let bytes = 0;
    for (const event of this.store.read(fromMs, toMs)) {
      events.push(event);
      if (event.code === 'o') bytes += event.data.length;
      if (bytes < batchBytes && events.length < batchEvents) continue;
      this.post({ type: 'events', id, done: false, events });
      events = [];
      bytes = 0;
      await setImmediate();
    }
    this.post({ type: 'events', id, done: true, events });
  }
}
