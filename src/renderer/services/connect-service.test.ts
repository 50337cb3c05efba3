import { describe, expect, test } from 'vitest';
import type { TargetView } from '../../shared/model/target.ts';
import { barTo, type ConnectPlace, coverMs, coversNeeds, makeConnectService } from './connect-service.ts';
import type { Navigation } from './navigation.ts';
import type { ConnectAsk, SessionsService } from './sessions-service.ts';

const target = (over: Partial<TargetView> = {}): TargetView => ({
  id: 't1',
  name: 'pay-db-03',
  description: '',
  address: '10.20.4.13:22',
  labels: {},
  production: true,
  owner: null,
  route: 'relay',
  logins: [{ name: 'deploy', isDefault: true, credential: 'certificate' }],
  needs: ['reason', 'ticket'],
  hostKeyFingerprints: [],
  grantedBy: [],
  lastUsedAt: null,
  lock: null,
  unreachable: null,
  ...over,
});

function make() {
  const asked: ConnectAsk[] = [];
  const sessions = {
    connect: async (ask: ConnectAsk, _replaces?: string, _place?: ConnectPlace) => {
      asked.push(ask);
      return null;
    },
  } as unknown as SessionsService;
  const connect = makeConnectService({ sessions, navigation: { go: () => undefined } as unknown as Navigation });
  return { connect, asked };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('one reason and ticket for a morning', () => {
  test('what is said once stands for the next target, until it is dropped', async () => {
    const { connect, asked } = make();
    connect.begin(target(), null);
    expect(connect.state.get().ask?.login).toBe('deploy');
    connect.answer({ reason: 'lock waits', ticket: 'INC-20418' }, true);
    await settled();
    connect.begin(target({ id: 't2' }), null);
    await settled();
    expect(connect.state.get().ask).toBeNull();
    expect(asked.map((ask) => [ask.targetId, ask.ticket])).toEqual([
      ['t1', 'INC-20418'],
      ['t2', 'INC-20418'],
    ]);
    connect.dropCover();
    connect.begin(target({ id: 't3' }), null);
    expect(connect.state.get().ask?.target.id).toBe('t3');
  });

  test('it ends, and it covers no target that asks for more than it says', () => {
    const cover = { reason: 'lock waits', ticket: null, untilMs: coverMs };
    expect(coversNeeds(['reason'], cover, 0)).toBe(true);
    expect(coversNeeds(['reason'], cover, coverMs)).toBe(false);
    expect(coversNeeds(['reason', 'ticket'], cover, 0)).toBe(false);
    expect(coversNeeds([], cover, 0)).toBe(false);
  });

  test('an answer that is not to stand is asked for again, with its words offered', async () => {
    const { connect } = make();
    connect.begin(target(), null);
    connect.answer({ reason: 'lock waits', ticket: 'INC-1' }, false);
    await settled();
    connect.begin(target({ id: 't2' }), null);
    expect(connect.state.get()).toMatchObject({ ask: { target: { id: 't2' } }, last: { ticket: 'INC-1' } });
  });
});

test('a locked target, one without a login and one that waits for approval say so before anything is asked', () => {
  const lock = { id: 'l', by: 'Mira Okafor', reason: 'look first', at: '2026-11-24T12:00:00Z' };
  expect(barTo(target({ lock }), 'deploy', 0)?.code).toBe('SP-2003');
  expect(barTo(target({ logins: [] }), undefined, 0)?.code).toBe('SP-2002');
  const waiting = target({
    logins: [{ name: 'deploy', isDefault: true, credential: 'certificate', needsApproval: true }],
  });
  expect(barTo(waiting, 'deploy', 0)?.code).toBe('SP-2006');
  expect(barTo(target(), 'deploy', 0)).toBeNull();
});
