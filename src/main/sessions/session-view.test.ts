import { array, assert, constantFrom, property } from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionState } from '../../shared/model/session.ts';
import { sessionViewSchema } from '../../shared/protocol/ipc.ts';
import type { OrderPayload } from '../../shared/protocol/signed.ts';
import { newSession, reduceSession, type SessionEvent, toView } from './session-view.ts';

const facts = {
  id: 'tab-1',
  targetId: 't1',
  targetName: 'pay-db-03',
  address: '10.0.0.3:22',
  login: 'deploy',
  production: true,
  route: 'relay',
  credential: 'certificate',
  reason: null,
  ticket: null,
} as const;

const order: OrderPayload = {
  version: 1,
  orderId: '11111111-1111-4111-8111-111111111111',
  sessionId: '22222222-2222-4222-8222-222222222222',
  kind: 'kill',
  reason: 'legal hold',
  by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
  requestedAt: '2026-11-24T14:32:07.104Z',
  lock: { id: 'lock-1', targetName: 'pay-db-03' },
};

const authorised: SessionEvent = {
  type: 'authorised',
  sessionId: order.sessionId,
  route: 'direct',
  recordMode: 'strict',
  address: '10.0.0.3:2222',
  maxSeconds: 60,
};
const state = (state: SessionState, atMs = 0): SessionEvent => ({ type: 'state', state, atMs });
const open = state({ state: 'open' }, 1000);
const ended: SessionEvent = {
  type: 'ended',
  reason: { kind: 'exit', status: 0, signal: null },
  complete: true,
  atMs: 9000,
};

function run(...events: SessionEvent[]) {
  return toView(events.reduce(reduceSession, newSession(facts)));
}

test.each([
  ['a new session is requested', [], { state: { state: 'requested' }, sessionId: null }],
  [
    'a grant names the session and its real address',
    [authorised],
    { state: { state: 'authorised' }, sessionId: order.sessionId, route: 'direct', address: '10.0.0.3:2222' },
  ],
  ['opening starts the clock of the time limit', [authorised, open], { openedAtMs: 1000, endsAtMs: 61_000 }],
  [
    'it does not go back',
    [authorised, open, state({ state: 'connecting', step: 'login' })],
    { state: { state: 'open' } },
  ],
  [
    'freezing and thawing alternate, the first opening stays',
    [authorised, open, state({ state: 'frozen', why: 'lease', endsAtMs: 5 }), state({ state: 'open' }, 3000)],
    { state: { state: 'open' }, openedAtMs: 1000 },
  ],
  [
    'an end by state alone is not an end',
    [authorised, open, state({ state: 'ended', reason: { kind: 'idle' } })],
    { state: { state: 'open' } },
  ],
  [
    'the end is final',
    [authorised, open, ended, state({ state: 'open' }), { ...ended, atMs: 1 }],
    { state: { state: 'ended', reason: { kind: 'exit', status: 0, signal: null } }, endedAtMs: 9000 },
  ],
  [
    'heads only grow',
    [
      { type: 'head', bytes: 10, syncedAtMs: 1 },
      { type: 'head', bytes: 5, syncedAtMs: 2 },
    ],
    { record: { writtenBytes: 10, syncedAtMs: 1, storedBytes: 0, storedAtMs: null, complete: false } },
  ],
  [
    'receipts count after the end',
    [authorised, ended, { type: 'receipt', bytes: 700, atMs: 5, ended: true }],
    { record: { writtenBytes: 0, syncedAtMs: null, storedBytes: 700, storedAtMs: 5, complete: true } },
  ],
  [
    'the first order stands; times count from its acceptance',
    [
      authorised,
      open,
      { type: 'kill', order, receivedMs: 21 },
      { type: 'kill', order: { ...order, reason: 'second' }, receivedMs: 99 },
      { type: 'socket-closed', closedMs: 17 },
      { type: 'socket-closed', closedMs: 99 },
    ],
    {
      kill: {
        orderId: order.orderId,
        by: 'Mira Okafor',
        byRole: 'analyst',
        reason: 'legal hold',
        requestedAt: order.requestedAt,
        receivedMs: 21,
        closedMs: 38,
        lockId: 'lock-1',
      },
    },
  ],
  [
    'an order after the end changes nothing',
    [authorised, ended, { type: 'kill', order, receivedMs: 1 }],
    { kill: null },
  ],
] as [string, SessionEvent[], object][])('%s', (_name, events, expected) => {
  const view = run(...events);
  expect(view).toMatchObject(expected);
  expect(() => sessionViewSchema.parse(view)).not.toThrow();
});

test('whatever comes in whatever order: ended stays ended, with its first reason', () => {
  const events = constantFrom<SessionEvent>(
    authorised,
    open,
    ended,
    state({ state: 'connecting', step: 'login' }),
    state({ state: 'closing' }),
    { type: 'kill', order, receivedMs: 1 },
    { type: 'socket-closed', closedMs: 2 },
    { type: 'ended', reason: { kind: 'idle' }, complete: false, atMs: 1 },
  );
  void assert(
    property(array(events), (before) => {
      let view = newSession(facts);
      let end: SessionState | null = null;
      for (const event of before) {
        view = reduceSession(view, event);
        if (end !== null) expect(view.state).toEqual(end);
        if (view.state.state === 'ended') end = view.state;
      }
    }),
  );
});
