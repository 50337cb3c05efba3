import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { noteReexchangeFailed } from '../../src/control/live/reexchange-failed.ts';
import { passwordSecretName } from '../../src/control/secrets/secret-name.ts';
import { openOwnedSession } from '../../src/lab/owner/session-owner.ts';
import { type ExchangeRefusal, refuseExchange } from '../harness/session/exchange-refusal.ts';
import { byPassword, type PtyTarget, startPtyTarget } from '../harness/session/pty-target.ts';
import { buildSession, type World as SessionWorld, startSession } from '../harness/session/session-world.ts';
import { startTestRelay, type TestRelay } from '../harness/session/test-relay.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

const evidence = { anchors: true, wire: false };
const password = 'a password';
const place = { target: 'switch-01', login: 'admin' };
/** What the next connection does with which of its exchanges. */
let refusal: { at: number; how: ExchangeRefusal } | null = null;
let target: PtyTarget;
let session: SessionWorld | undefined;
let relay: TestRelay | undefined;

beforeAll(async () => {
  buildSession();
  const passwords = byPassword({ password, methods: ['password'] });
  target = await startPtyTarget({
    login: place.login,
    authentication: (context) => (context.method === 'publickey' ? context.accept() : passwords(context)),
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

describe('the control server', () => {
  let world: World;
  let jonas: Device;
  let spool: string;

  const apply = (description: string) =>
    world.apply(
      [
        {
          name: place.target,
          description,
          host: '127.0.0.1',
          port: target.sshd.port,
          route: 'relay',
          hostKeys: [target.sshd.hostKey],
          logins: [{ name: place.login, credential: 'password' }],
        },
      ],
      [`127.0.0.1:${target.sshd.port}`],
    );
  const open = () =>
    openOwnedSession({
      enrolled: { client: jonas.client, deviceId: jonas.deviceId, serverKey: jonas.serverKey },
      targetName: place.target,
      login: place.login,
      reason: null,
      spool,
      cols: 80,
      rows: 24,
    });
  const granted = async () => (await world.open(jonas, place.target, place.login)).grant.evidence;

  beforeAll(async () => {
    world = await startWorld();
    spool = mkdtempSync(path.join(tmpdir(), 'sallyport-refused-'));
    await apply('first');
    jonas = await world.enrol('jonas');
    await world.server.context.vault.put(passwordSecretName(place), Buffer.from(password));
  });
  afterAll(async () => {
    await world?.close();
    rmSync(spool, { recursive: true, force: true });
  });

  it('security 17c: notes such a target; its next session works without anchors and says so, until the target is changed', async () => {
    expect(await granted()).toEqual({ anchors: true, wire: true });
    // The broker's exchange, the handover, the anchor.
    refusal = { at: 3, how: 'closes' };
    const first = await open();
    expect(await first.done).toMatchObject(cannot('closed'));
    const { id } = await world.target(jonas, place.target);
    expect((await world.auditOf(id)).filter((event) => event === 'target.reexchange-failed')).toHaveLength(1);
    expect(await granted()).toEqual({ anchors: false, wire: true });
    const second = await open();
    await second.waitFor(/\$ $/);
    second.type('exit\r');
    expect(await second.done).toMatchObject({ kind: 'exit' });
    const recording = await world.as('mira', 'getRecording', { params: { sessionId: second.sessionId } });
    expect(recording).toMatchObject({ state: 'complete', evidence: 'wire-only' });
    await apply('it was repaired');
    expect(await granted()).toEqual({ anchors: true, wire: true });
  });

  it('does not take the word of a launcher that never was logged in', async () => {
    const { id, grant } = await world.open(jonas, place.target, place.login);
    expect(grant.evidence.anchors).toBe(true);
    const row = await world.server.context.reader
      .selectFrom('sessions')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const said = { kind: 'connect-failed', problem: { code: 'SP-2045', message: 'x' } } as const;
    await noteReexchangeFailed(world.server.context, row, said);
    expect((await granted()).anchors).toBe(true);
    await noteReexchangeFailed(
      world.server.context,
      { ...row, login_signed_at: new Date(), opened_at: new Date() },
      said,
    );
    expect((await granted()).anchors).toBe(true);
  });
});
