import type { OrderState, OrderView } from '../../shared/model/order.ts';

/**
 * The life of a kill order (architecture.md, State machines): requested -> sent -> received -> socket-closed -> confirmed. Pure. It never goes
 * back, may skip what was never told, and cannot be taken back.
 */
export type OrderProgress = Pick<
  OrderView,
  | 'state'
  | 'sentAt'
  | 'receivedAt'
  | 'socketClosedAtClient'
  | 'confirmedAt'
  | 'relayClosedAt'
  | 'relayClosedMs'
  | 'launcherClosedMs'
  | 'survivors'
>;

/** `at` is the server's clock, ISO 8601. */
export type OrderEvent =
  | { type: 'sent'; at: string }
  | { type: 'received'; at: string }
  | { type: 'relay-closed'; at: string; ms: number }
  /** There is no wire to wait for (any more), and nobody who could tell when it closed: it was closed before, or its process died. */
  | { type: 'wire-gone'; at: string }
  /** `wire`: whether the relay's own connection is still being closed; the order is confirmed only when both are. */
  | {
      type: 'done';
      at: string;
      socketClosedAt: string;
      closedMs: number;
      survivors: 'none' | 'unknown';
      wire: 'closing' | 'none';
    };

export const newOrder: OrderProgress = {
  state: 'requested',
  sentAt: null,
  receivedAt: null,
  socketClosedAtClient: null,
  confirmedAt: null,
  relayClosedAt: null,
  relayClosedMs: null,
  launcherClosedMs: null,
  survivors: 'unknown',
};

const ranks: Record<OrderState, number> = { requested: 0, sent: 1, received: 2, 'socket-closed': 3, confirmed: 4 };

function atLeast(state: OrderState, reached: OrderState): OrderState {
  return ranks[state] >= ranks[reached] ? state : reached;
}

/** The order after an event. The first time of each step stands: a repetition (re-sent after a reconnect) returns the same object. */
export function stepOrder(order: OrderProgress, event: OrderEvent): OrderProgress {
  switch (event.type) {
    case 'sent':
      return order.sentAt !== null ? order : { ...order, state: atLeast(order.state, 'sent'), sentAt: event.at };
    case 'received':
      return order.receivedAt !== null
        ? order
        : { ...order, state: atLeast(order.state, 'received'), receivedAt: event.at };
    case 'relay-closed': {
      if (order.relayClosedAt !== null) return order;
      // Stands beside the launcher's own steps: the wire is cut whatever the launcher does.
      const closed = { ...order, relayClosedAt: event.at, relayClosedMs: event.ms };
      return order.state === 'socket-closed' ? { ...closed, state: 'confirmed', confirmedAt: event.at } : closed;
    }
    case 'wire-gone':
      return order.state === 'socket-closed' ? { ...order, state: 'confirmed', confirmedAt: event.at } : order;
    case 'done': {
      if (order.confirmedAt !== null) return order;
      // Said again after a restart of the server, whose wires are gone with it: then nothing is waited for any more.
      if (order.socketClosedAtClient !== null && event.wire === 'closing') return order;
      const confirmed = event.wire === 'none' || order.relayClosedAt !== null;
      return {
        ...order,
        state: confirmed ? 'confirmed' : 'socket-closed',
        receivedAt: order.receivedAt ?? event.at,
        socketClosedAtClient: order.socketClosedAtClient ?? event.socketClosedAt,
        launcherClosedMs: order.launcherClosedMs ?? event.closedMs,
        confirmedAt: confirmed ? event.at : null,
        survivors: event.survivors,
      };
    }
  }
}
