import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ExchangeRefusal, refuseExchange } from '../harness/session/exchange-refusal.ts';
import { type PtyTarget, startPtyTarget } from '../harness/session/pty-target.ts';
import { buildSession, startSession, type World } from '../harness/session/session-world.ts';
import { startTestRelay, type TestRelay } from '../harness/session/test-relay.ts';

const evidence = { anchors: true, wire: false };
/** What the next connection does with which of its exchanges. */
let refusal: { at: number; how: ExchangeRefusal } | null = null;
let target: PtyTarget;
let session: World | undefined;
let relay: TestRelay | undefined;

beforeAll(async () => {
  buildSession();
  target = await startPtyTarget({
    onConnection(connection) {
      if (refusal !== null) refuseExchange(connection, refusal.at, refusal.how);
    },
  });
});
afterEach(async () => {
  await session?.stop();
  await relay?.stop();
});
afterAll(() => target?.stop());

const cannot = (how: string) => ({
  kind: 'connect-failed',
  problem: { code: 'SP-2045', facts: { how }, message: expect.stringMatching(/connect again/) },
});

describe('security 17c: a target that does not exchange keys again', () => {
  it.each(['closes', 'resets', 'says so'] as const)(
    'and %s: the session ends before any channel, in words',
    async (how) => {
      refusal = { at: 2, how };
      session = await startSession({ sshd: target.sshd, grant: { evidence } });
      expect(await session.ended()).toMatchObject({ reason: cannot('closed'), complete: true });
      const states = session.owned.flatMap((message) => (message.type === 'state' ? [message.state] : []));
      expect(states.some((state) => state.state === 'connecting' && state.step === 'shell')).toBe(false);
      expect(session.text()).toBe('');
      expect(target.sent()).toEqual(Buffer.alloc(0));
    },
  );

  it('and says nothing at all is given up after 5 s', async () => {
    refusal = { at: 2, how: 'stalls' };
    const from = performance.now();
    session = await startSession({ sshd: target.sshd, grant: { evidence } });
    expect(await session.ended()).toMatchObject({ reason: cannot('stalled'), complete: true });
    expect(performance.now() - from).toBeGreaterThan(4900);
  });

  it('is told from a network that fails: through the relay only the target counts', async () => {
    refusal = { at: 2, how: 'says so' };
    relay = await startTestRelay({ targetPort: target.sshd.port });
    const { url, trustRoot } = relay;
    session = await startSession({ sshd: target.sshd, grant: { evidence }, relay: { url, proof: 'p', trustRoot } });
    expect(await session.ended()).toMatchObject({ reason: cannot('closed') });
    await session.stop();
    await relay.stop();
    refusal = { at: 2, how: 'stalls' };
    const second = await startTestRelay({ targetPort: target.sshd.port });
    relay = second;
    session = await startSession({
      sshd: target.sshd,
      grant: { evidence },
      relay: { url: second.url, proof: 'p', trustRoot: second.trustRoot },
    });
    await session.owner('state', ({ state }) => state.state === 'connecting' && state.step === 'login');
    await session.owner('login-signature');
    setTimeout(() => second.close(1011), 1000);
    expect(await session.ended()).toMatchObject({ reason: { kind: 'connect-failed', problem: { code: 'SP-2050' } } });
  });

  it('later only: the session goes on until the target ends it, and its record is whole', async () => {
    refusal = { at: 3, how: 'closes' };
    session = await startSession({ sshd: target.sshd, grant: { evidence } });
    await session.owner('state', (message) => message.state.state === 'open');
    session.type('head -c 400000 /dev/urandom | base64; echo "all"-"there"\r');
    await session.sees(/all-there/);
    expect(await session.ended()).toMatchObject({ reason: { kind: 'disconnected', by: 'target' }, complete: true });
    expect(session.owned.findLast((message) => message.type === 'evidence')).toMatchObject({
      level: 'anchored',
      anchors: 1,
    });
  });
});
