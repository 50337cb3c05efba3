import type { z } from 'zod';
import type { Problem } from '../../../shared/errors/result.ts';
import { type ReplayToScreen, replayToScreenSchema, type ScreenToReplay } from '../../../shared/protocol/replay.ts';
import { makeStore, type Readable } from '../../services/store.ts';

export type ReplayOpened = Extract<z.infer<typeof replayToScreenSchema>, { type: 'opened' }>;
export type ReplayEvent = Extract<ReplayToScreen, { type: 'events' }>['events'][number];
type Progress = Extract<ReplayToScreen, { type: 'progress' }>;

export interface SourceState {
  progress: Progress | null;
  opened: ReplayOpened | null;
  openedAtMs: number | null;
  problem: Problem | null;
}

/** Reads events of a recording by time. */
export interface EventReader {
  /** All events in [fromMs, toMs), in order. */
  read(fromMs: number, toMs: number): Promise<ReplayEvent[]>;
}

/** The replay process's side of things, over its port. */
export class ReplaySource implements EventReader {
  readonly state: Readable<SourceState>;
  private readonly store = makeStore<SourceState>({ progress: null, opened: null, openedAtMs: null, problem: null });
  private readonly asked = new Map<number, { events: ReplayEvent[]; resolve: (events: ReplayEvent[]) => void }>();
  private nextId = 1;
  private readonly port: MessagePort;

  constructor(port: MessagePort) {
    this.state = this.store;
    this.port = port;
    port.onmessage = (event) => {
      const parsed = replayToScreenSchema.safeParse(event.data);
      if (parsed.success) this.take(parsed.data);
      else console.warn('dropped a malformed message of a replay');
    };
    port.start();
  }

  read(fromMs: number, toMs: number): Promise<ReplayEvent[]> {
    const id = this.nextId++;
    return new Promise((resolve) => {
      this.asked.set(id, { events: [], resolve });
      this.send({ type: 'read', id, fromMs, toMs });
    });
  }

  /** Ends the replay process's work; reads that are still open are answered with nothing. */
  close(): void {
    this.send({ type: 'close' });
    this.port.close();
    for (const { resolve } of this.asked.values()) resolve([]);
    this.asked.clear();
  }

  private send(message: ScreenToReplay): void {
    this.port.postMessage(message);
  }

  private take(message: ReplayToScreen): void {
    switch (message.type) {
      case 'progress':
        this.store.update((now) => ({ ...now, progress: message }));
        break;
      case 'opened':
        this.store.update((now) => ({ ...now, opened: message, openedAtMs: Date.now() }));
        break;
      case 'problem':
        this.store.update((now) => ({ ...now, problem: message.problem }));
        break;
      case 'events': {
        const ask = this.asked.get(message.id);
        if (ask === undefined) return;
        ask.events.push(...message.events);
        if (!message.done) return;
        this.asked.delete(message.id);
        ask.resolve(ask.events);
        break;
      }
    }
  }
}
