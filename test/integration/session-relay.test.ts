import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closeCodes } from '../../src/shared/protocol/control-channel.ts';
import { buildSession, startSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';
import { startTestRelay, type TestRelay, type TestRelayOptions } from '../harness/session/test-relay.ts';

let sshd: Sshd;
let relay: TestRelay;
let world: World | undefined;

async function session(
  relayOptions: Partial<TestRelayOptions> = {},
  options: Partial<WorldOptions> = {},
): Promise<World> {
  relay = await startTestRelay({ targetPort: sshd.port, ...relayOptions });
  // The address in the grant is not used: the relay knows where to.
  world = await startSession({
    sshd: { ...sshd, port: 1 },
    relay: { url: relay.url, proof: 'a.proof.once', trustRoot: relay.trustRoot },
    ...options,
  });
  return world;
}

async function open(): Promise<World> {
  const one = await session();
  await one.owner('state', (message) => message.state.state === 'open');
  one.type('echo through-$((1+1))\r');
  await one.sees(/through-2/);
  return one;
}

beforeAll(async () => {
  buildSession();
  sshd = await startSshd();
});
afterEach(async () => {
  await world?.stop();
  await relay?.stop();
});
afterAll(async () => sshd?.stop());

describe('a session through the relay', () => {
  it('shows its proof, logs in and works', async () => {
    const one = await open();
    expect(relay.proofs).toEqual(['a.proof.once']);
    one.type('exit 4\r');
    expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 4 }, complete: true });
  });

  it('closes the wire at once when it is killed', async () => {
    const one = await open();
    const at = performance.now();
    const orderId = one.kill();
    expect((await relay.closed) - at).toBeLessThan(250);
    expect(await one.owner('socket-closed')).toMatchObject({ orderId });
    expect(await one.ended()).toMatchObject({ reason: { kind: 'killed', orderId }, complete: true });
  });

  it('waits for the order when the relay was the first to cut, and names who and why', async () => {
    const one = await open();
    relay.close(closeCodes.killed);
    await relay.closed;
    const orderId = one.kill();
    expect(await one.owner('socket-closed')).toMatchObject({ orderId });
    expect(await one.ended()).toMatchObject({
      reason: { kind: 'killed', by: 'Mira Okafor', reason: 'wrong host' },
      complete: true,
    });
  });

  it.each([
    ['a lease that ran out', closeCodes.leaseExpired, { kind: 'lease-expired' }],
    ['access that was revoked or has had its time', closeCodes.accessOver, { kind: 'time-limit' }],
    ['a target that closed', closeCodes.ended, { kind: 'disconnected', by: 'target' }],
    ['a lost network', 1011, { kind: 'disconnected', by: 'network' }],
  ])('ends when the relay closes for %s', async (_what, code, reason) => {
    const one = await open();
    const at = performance.now();
    relay.close(code);
    expect(await one.ended()).toMatchObject({ reason, complete: true });
    // At once, not by the time limit for what is left to show.
    expect(performance.now() - at).toBeLessThan(4500);
  });

  it.each([
    ['SP-2104', { closeAtOnce: closeCodes.targetUnreachable }],
    ['SP-2032', { closeAtOnce: closeCodes.cipherRefused }],
    ['SP-1005', { closeAtOnce: closeCodes.revoked }],
    ['SP-2003', { closeAtOnce: closeCodes.refused, closeReason: 'SP-2003 locked out of this target by Mira' }],
    ['SP-2105', { closeAtOnce: closeCodes.refused, closeReason: 'nonsense' }],
    [
      'SP-2003',
      {
        refuse: {
          status: 403,
          body: JSON.stringify({ type: 'about:blank', title: 'Locked', detail: 'Locked by Mira.', code: 'SP-2003' }),
        },
      },
    ],
    ['SP-2105', { refuse: { status: 502, body: '<html>' } }],
  ])('does not come about, with %s, when the relay answers %j', async (code, options) => {
    const one = await session(options);
    expect((await one.ended()).reason).toMatchObject({ kind: 'connect-failed', problem: { code } });
  });

  it('is not opened through a relay that another authority vouches for', async () => {
    const other = await startTestRelay({ targetPort: sshd.port });
    const one = await session({}, { relay: { url: other.url, proof: 'a.proof.once', trustRoot: await otherRoot() } });
    expect((await one.ended()).reason).toMatchObject({ kind: 'connect-failed', problem: { code: 'SP-2105' } });
    expect(other.proofs).toEqual([]);
    await other.stop();
  });

  it.each([
    ['without TLS', 'ws://127.0.0.1:9/'],
    ['without an address', 'nowhere'],
  ])('is not opened %s', async (_what, url) => {
    const one = await session({}, { relay: { url, proof: 'p', trustRoot: 'x' } });
    expect((await one.ended()).reason).toMatchObject({ kind: 'connect-failed', problem: { code: 'SP-2105' } });
  });
});

async function otherRoot(): Promise<string> {
  const stranger = await startTestRelay({ targetPort: 1 });
  await stranger.stop();
  return stranger.trustRoot;
}
