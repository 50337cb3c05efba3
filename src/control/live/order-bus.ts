import { EventEmitter } from 'node:events';

/**
 * How an order reaches every control process: by its id alone (PostgreSQL's NOTIFY carries 8,000 bytes at most); who needs more reads the
 * database. `issued`: a new order to carry out. `changed`: its state moved on, for those who wait.
 */
export interface OrderBus {
  publish(kind: 'issued' | 'changed', orderId: string): void;
  /** Returns the function that ends the subscription. */
  subscribe(kind: 'issued' | 'changed', listener: (orderId: string) => void): () => void;
}

/** For one control process: listeners run before `publish` returns. */
export function makeLocalOrderBus(): OrderBus {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return {
    publish(kind, orderId) {
      emitter.emit(kind, orderId);
    },
    subscribe(kind, listener) {
      emitter.on(kind, listener);
      return () => emitter.off(kind, listener);
    },
  };
}
