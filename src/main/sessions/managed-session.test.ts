import { expect, test, vi } from 'vitest';
import type { OwnerToSession, SessionToOwner } from '../../shared/protocol/session-control.ts';
import type { OrderPayload } from '../../shared/protocol/signed.ts';
import { type Barring, ManagedSession, type StartOrder } from './managed-session.ts';

const sessionId = '22222222-2222-4222-8222-222222222222';
const payload: OrderPayload = {
  version: 1,
  orderId: 'order-1',
  sessionId,
  kind: 'kill',
  reason: 'legal hold',
  by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
  requestedAt: '2026-01-01T00:00:00.000Z',
  lock: { id: 'lock-1', targetName: 'web-01' },
};
const signed = { payload: '{}', signature: 'x' };
const order: StartOrder = {
  sessionId,
  route: 'direct',
  address: '127.0.0.1:22',
  recordMode: 'strict',
  maxSeconds: 600,
  start: {
    type: 'start',
    folder: '/nowhere',
    grant: signed,
    lease: signed,
    serverKey: '',
    sessionKeyCertificate: '',
    deviceKey: '',
    relay: null,
    terminal: { cols: 80, rows: 24, term: 'xterm-256color' },
    software: 'test',
  },
};

/** A session whose grant takes until `granted` is called. */
function make() {
  const grant = Promise.withResolvers<StartOrder>();
  const ended = Promise.withResolvers<unknown>();
  const sent: OwnerToSession[] = [];
  let say: (message: SessionToOwner) => void = () => undefined;
  let exit: (code: number) => void = () => undefined;
  const state: { barring: Barring | null; killed: boolean; done: string[] } = {
    barring: null,
    killed: false,
    done: [],
  };
  const session = new ManagedSession({
    facts: {
      id: 'tab-1',
      targetId: 'target-1',
      targetName: 'web-01',
      address: '127.0.0.1:22',
      login: 'deploy',
      production: false,
      route: 'direct',
      credential: 'certificate',
      reason: null,
      ticket: null,
    },
    log: () => undefined,
    child: {
      pid: 1,
      send: (message) => void sent.push(message),
      onMessage: (listener) => {
        say = listener;
      },
      onExit: (listener) => {
        exit = listener;
      },
      sigkill: () => {
        state.killed = true;
        exit(9);
      },
    },
    effects: {
      authorise: () => grant.promise,
      barring: () => state.barring,
      loginSignature: async () => '',
      sealedPassword: async () => '',
      changed: () => undefined,
      opened: () => undefined,
      head: () => undefined,
      sealed: () => undefined,
      released: () => undefined,
      socketClosed: (_sessionId, orderId) => void state.done.push(orderId),
      ended: (_sessionId, reason) => ended.resolve(reason),
    },
  });
  say({ type: 'ready', sessionKey: 'ssh-ed25519 AAAA' });
  return { session, state, sent, granted: () => grant.resolve(order), ended: ended.promise };
}

test('an order that came while the grant was on its way keeps the session from starting', async () => {
  const { session, state, sent, granted, ended } = make();
  // The last moment: everything has been asked for, nothing has been started.
  state.barring = { payload, receivedMs: 12 };
  granted();
  expect(await ended).toMatchObject({ kind: 'killed', orderId: 'order-1', by: 'Mira Okafor' });
  expect(sent).toEqual([]);
  expect(state.killed).toBe(true);
  expect(session.view).toMatchObject({ sessionId, kill: { orderId: 'order-1', receivedMs: 12, closedMs: 12 } });
  // It was answered when it came.
  expect(state.done).toEqual([]);
});

test('each lease that is passed on moves the time until which the screen may count', async () => {
  const { session, sent, granted } = make();
  granted();
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  expect(session.view.leaseUntilMs).toBeNull();
  const lease = { version: 1, sessionId, seq: 1, issuedAt: '2026-01-01T00:00:00.000Z', durationMs: 10_000 };
  const before = Date.now();
  session.lease({ payload: JSON.stringify(lease), signature: 'x' });
  expect(session.view.leaseUntilMs).toBeGreaterThanOrEqual(before + 10_000);
  expect(session.view.leaseUntilMs).toBeLessThanOrEqual(Date.now() + 10_000);
  const { leaseUntilMs } = session.view;
  session.lease(signed);
  expect(session.view.leaseUntilMs).toBe(leaseUntilMs);
});
