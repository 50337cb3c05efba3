import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Topic, TopicMessage } from './topics.ts';

/** How the control processes on one database tell each other what has happened. Hints with small delay; the database is the truth. */
export interface Bus {
  /** Of this process, new at each start. */
  readonly processId: string;
  /**
   * Local listeners have run when it returns; other processes hear it some milliseconds later, or never when the connection is down: what must
   * not be missed is in the database too. Never throws.
   */
  publish<T extends Topic>(topic: T, message: TopicMessage<T>): void;
  /** Returns the function that ends the subscription. */
  subscribe<T extends Topic>(topic: T, listener: (message: TopicMessage<T>) => void): () => void;
  /** Called when messages may have been missed: the connection was lost and is back, or one could not be read. */
  onMissed(listener: () => void): void;
  close(): Promise<void>;
}

/** For one control process alone, and the local half of every other. */
export function makeLocalBus(processId: string = randomUUID()): Bus {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return {
    processId,
    publish(topic, message) {
      emitter.emit(topic, message);
    },
    subscribe(topic, listener) {
      emitter.on(topic, listener);
      return () => emitter.off(topic, listener);
    },
    onMissed: () => undefined,
    close: async () => undefined,
  };
}
