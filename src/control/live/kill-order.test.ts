import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newOrder, type OrderEvent, type OrderProgress, stepOrder } from './kill-order.ts';

const sent: OrderEvent = { type: 'sent', at: '2026-01-01T00:00:01.000Z' };
const received: OrderEvent = { type: 'received', at: '2026-01-01T00:00:02.000Z' };
const relayClosed: OrderEvent = { type: 'relay-closed', at: '2026-01-01T00:00:00.010Z', ms: 4.5 };
const done: OrderEvent = {
  type: 'done',
  at: '2026-01-01T00:00:03.000Z',
  socketClosedAt: '2026-01-01T00:00:02.500Z',
  closedMs: 3,
  survivors: 'unknown',
  wire: 'none',
};
const wireGone: OrderEvent = { type: 'wire-gone', at: '2026-01-01T00:00:12.000Z' };
const doneFirst: OrderEvent = { ...done, wire: 'closing' };

function run(events: OrderEvent[]): OrderProgress {
  return events.reduce(stepOrder, newOrder);
}

const cases: { name: string; events: OrderEvent[]; expected: Partial<OrderProgress> }[] = [
  { name: 'begins requested', events: [], expected: { state: 'requested', survivors: 'unknown' } },
  { name: 'is sent', events: [sent], expected: { state: 'sent', sentAt: sent.at, receivedAt: null } },
  { name: 'is received', events: [sent, received], expected: { state: 'received', receivedAt: received.at } },
  {
    name: 'is confirmed with the time of the closed socket',
    events: [sent, received, done],
    expected: {
      state: 'confirmed',
      confirmedAt: done.at,
      socketClosedAtClient: '2026-01-01T00:00:02.500Z',
      launcherClosedMs: 3,
    },
  },
  {
    name: 'shows the cut wire beside a silent launcher',
    events: [relayClosed, sent],
    expected: { state: 'sent', relayClosedMs: 4.5, confirmedAt: null },
  },
  {
    name: 'waits for the relay to have closed its own connection',
    events: [sent, received, doneFirst],
    expected: { state: 'socket-closed', confirmedAt: null, launcherClosedMs: 3 },
  },
  {
    name: 'is confirmed when the relay has closed its own connection too',
    events: [sent, received, doneFirst, relayClosed],
    expected: { state: 'confirmed', confirmedAt: relayClosed.at, relayClosedMs: 4.5 },
  },
  {
    name: 'does not wait for a wire that is gone without a word, and does not say when it closed',
    events: [sent, received, doneFirst, wireGone],
    expected: { state: 'confirmed', confirmedAt: wireGone.at, relayClosedAt: null },
  },
  {
    name: 'is not confirmed by that alone',
    events: [sent, received, wireGone],
    expected: { state: 'received', confirmedAt: null },
  },
  {
    name: 'may be confirmed without ever being said to be received',
    events: [sent, done],
    expected: { state: 'confirmed', receivedAt: done.at },
  },
  {
    name: 'keeps the first times when it is sent again',
    events: [sent, { ...sent, at: 'later' }, received, { ...received, at: 'later' }],
    expected: { sentAt: sent.at, receivedAt: received.at },
  },
  { name: 'does not go back', events: [done, sent, received], expected: { state: 'confirmed', sentAt: sent.at } },
];

describe('a kill order', () => {
  it.each(cases)('$name', ({ events, expected }) => {
    expect(run(events)).toMatchObject(expected);
  });

  it('only ever moves on, and nothing that was set changes', () => {
    const ranks = ['requested', 'sent', 'received', 'socket-closed', 'confirmed'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(sent, received, relayClosed, wireGone, done, doneFirst)), (events) => {
        let order: OrderProgress = newOrder;
        for (const [index, event] of events.entries()) {
          const next = stepOrder(order, 'at' in event ? { ...event, at: `${event.at}${index}` } : event);
          expect(ranks.indexOf(next.state)).toBeGreaterThanOrEqual(ranks.indexOf(order.state));
          for (const [key, value] of Object.entries(order)) {
            if (key !== 'state' && key !== 'survivors' && value !== null)
              expect(next[key as keyof OrderProgress]).toBe(value);
          }
          expect((next.confirmedAt !== null) === (next.state === 'confirmed')).toBe(true);
          order = next;
        }
      }),
    );
  });
});
