import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import type { ControlToLauncher, LauncherToControl } from '../../src/shared/protocol/control-channel.ts';
import { namespaces, type OrderPayload } from '../../src/shared/protocol/signed.ts';
import { type MainWorld, openOnlineWorld, openSession } from './main-world/launcher-world.ts';

let world: MainWorld | null = null;
afterEach(async () => {
  await world?.close();
  world = null;
});

async function open() {
  const opened = await openOnlineWorld();
  world = opened.world;
  const { control, app } = opened;
  const all = <T extends LauncherToControl['type']>(type: T) =>
    control.heard.filter((one): one is Extract<LauncherToControl, { type: T }> => one.type === type);
  return {
    ...opened,
    /** The same message every time it is sent. */
    makeKill(sessionId: string): Extract<ControlToLauncher, { type: 'kill' }> {
      const value: OrderPayload = {
        version: 1,
        orderId: randomUUID(),
        sessionId,
        kind: 'kill',
        reason: 'legal hold',
        by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
        requestedAt: new Date().toISOString(),
        lock: { id: 'lock-1', targetName: 'web-01' },
      };
      const order = signDocument({ privateKey: control.serverKey, namespace: namespaces.order, value });
      return { type: 'kill', sessionId, orderId: value.orderId, order };
    },
    endsOf: (sessionId: string) => all('session-ended').filter((one) => one.sessionId === sessionId),
    done: (orderId: string, count = 1) =>
      control.until(() => {
        const heard = all('order-done').filter((one) => one.orderId === orderId);
        return heard.length >= count ? heard.at(-1) : null;
      }),
    ended: (id: string) =>
      app.until(() => {
        const view = app.sessions.find((one) => one.id === id);
        return view?.state.state === 'ended' ? { view, reason: view.state.reason } : null;
      }),
  };
}

test('an order that comes again gets the time it got, also when its tab is closed', async () => {
  const { app, control, makeKill, done, ended } = await open();
  const { id, sessionId } = await openSession(app);
  const order = makeKill(sessionId);
  control.send(order);
  const first = await done(order.orderId);
  expect(first.closedMs).toBeGreaterThan(0);
  await ended(id);
  control.send(order);
  expect(await done(order.orderId, 2)).toEqual(first);
  app.launcher.supervisor.close(id);
  control.send(order);
  expect(await done(order.orderId, 3)).toEqual(first);
});

test('an end that was sent into a dead link is told again on the next one, once for each link', async () => {
  const { app, control, endsOf } = await open();
  const { child, sessionId } = await openSession(app);
  control.goSilent();
  await child.end({ kind: 'exit', status: 0, signal: null });
  await app.until(() => app.sessions[0]?.state.state === 'ended');
  expect(endsOf(sessionId)).toEqual([]);
  control.cutChannel();
  await control.until(() => endsOf(sessionId).length === 1);
  const [told] = endsOf(sessionId);
  control.cutChannel();
  await control.until(() => endsOf(sessionId).length === 2);
  expect(endsOf(sessionId)[1]).toEqual(told);
});

test('an order that overtakes the grant is the end of the session, whichever comes first', async () => {
  const { app, control, done, endsOf, ended } = await open();
  const order = { sessionId: '', orderId: '' };
  control.setGrant((grant) => {
    order.sessionId = grant.sessionId;
    order.orderId = control.kill(grant.sessionId);
    return grant;
  });
  const { view, reason } = await ended(await app.connect());
  expect(reason).toMatchObject({ kind: 'killed', by: 'Mira Okafor' });
  expect(view.kill).toMatchObject({ orderId: order.orderId });
  await done(order.orderId);
  await control.until(() => endsOf(order.sessionId).length === 1);
  await app.until(() => app.launcher.supervisor.liveIds().length === 0);
});
