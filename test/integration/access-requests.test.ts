import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shippedPolicies } from '../../src/lab/seed/policies.ts';
import type { AccessRequestView } from '../../src/shared/model/access-request.ts';
import type { ApplyDocumentInput } from '../../src/shared/protocol/control-api.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';
import { connectLauncher, relayPort } from './live-world/sockets.ts';
import { runSsh } from './live-world/ssh-client.ts';
import { type Device, type Session, startWorld, type World } from './live-world/world.ts';

let world: World;
let sshd: Sshd;
let document: ApplyDocumentInput;
let jonas: Device;
/** Operator and approver in one. */
let eeva: Device;
const clock = { aheadMs: 0 };
const targetIds = new Map<string, string>();

beforeAll(async () => {
  world = await startWorld({
    overrides: {
      clock: { now: () => new Date(Date.now() + clock.aheadMs), monotonicMs: () => performance.now() },
    },
  });
  sshd = await startSshd();
  writeFileSync(`${sshd.authority}.pub`, `${world.server.context.services.broker.authority}\n`);
  const common = {
    host: '127.0.0.1',
    port: sshd.port,
    logins: [{ name: sshd.login }, { name: 'postgres' }],
    hostKeys: [sshd.hostKey],
    labels: { team: 'data' },
  };
  document = {
    organisation: {
      name: 'Lakeside Hotels',
      breakGlassRecipient: await identityToRecipient(await generateX25519Identity()),
      relayExceptions: [`127.0.0.1:${sshd.port}`],
    },
    people: [
      { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'] },
      { id: 'eeva', name: 'Eeva Salo', roles: ['operator', 'approver'] },
      { id: 'anke', name: 'Anke de Vries', roles: ['approver'] },
      { id: 'mira', name: 'Mira Okafor', roles: ['analyst'] },
      { id: 'pavel', name: 'Pavel Novak', roles: ['vendor'] },
      { id: 'sanna', name: 'Sanna Virtanen', roles: ['engineer'] },
    ],
    targets: [
      ...['db-01', 'db-02', 'db-03', 'db-04', 'db-05', 'db-06', 'db-07', 'db-08'].map((name) => ({ name, ...common })),
      { name: 'db-edge', route: 'direct', ...common },
      { name: 'web-01', ...common, labels: { team: 'web' } },
      { name: 'hr-01', ...common, labels: { team: 'hr' } },
    ],
    policies: shippedPolicies().map(({ id, cedar }) => ({ id, cedar })),
  };
  await world.as('sanna', 'apply', { body: document });
  jonas = await world.enrol('jonas');
  eeva = await world.enrol('eeva');
  for (const row of await world.server.context.reader.selectFrom('targets').select(['id', 'name']).execute())
    targetIds.set(row.name, row.id);
});
afterAll(async () => {
  await sshd?.stop();
  await world?.close();
});

function ask(person: string, target: string, seconds = 3600, login = sshd.login): Promise<AccessRequestView> {
  const body = { targetId: targetIds.get(target), login, seconds, reason: 'slow queries', ticket: 'CHG-4711' };
  return world.as(person, 'requestAccess', { body });
}

function decide(
  person: string,
  request: AccessRequestView,
  decision: 'approve' | 'deny',
  seconds?: number,
): Promise<AccessRequestView> {
  const body = { decision, reason: 'in the window', ...(seconds === undefined ? {} : { seconds }) };
  return world.as(person, 'decideAccessRequest', { params: { requestId: request.id }, body });
}

function revoke(person: string, request: AccessRequestView): Promise<AccessRequestView> {
  return world.as(person, 'revokeAccessRequest', { params: { requestId: request.id }, body: { reason: 'done' } });
}

async function approved(person: string, target: string, seconds = 3600): Promise<AccessRequestView> {
  return decide('anke', await ask(person, target, seconds), 'approve');
}

const tried = (device: Device, target: string, login = sshd.login) => world.open(device, target, login);

/** A session with a running command on the target, its launcher connected and beating. */
async function running(device: Device, target: string) {
  const launcher = await connectLauncher(device);
  const session = await world.open(device, target, sshd.login);
  const relay = await relayPort(device, session.id);
  const command = 'while true; do echo tick; sleep 0.05; done';
  const ssh = await runSsh({ world, session, port: relay.port, command });
  await ssh.shows('tick');
  launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
  const stop = launcher.beat(session.id);
  return {
    session,
    relay,
    ssh,
    async close() {
      stop();
      relay.close();
      await ssh.exited;
      await launcher.close();
    },
  };
}

async function endReason(session: Session): Promise<string | null> {
  return (await world.as(session.device.userId, 'getRecording', { params: { sessionId: session.id } })).endReason;
}

describe('access for a time', () => {
  it('is shown as what is missing, asked for, granted for less, and opens just that login of that target', async () => {
    expect(await world.target(jonas, 'db-01')).toMatchObject({
      needs: ['approval'],
      logins: [{ name: sshd.login, needsApproval: true }, { needsApproval: true }],
    });
    await expect(tried(jonas, 'db-01')).rejects.toMatchObject({
      code: 'SP-2006',
      message: expect.stringContaining(`sallyport request db-01 --login ${sshd.login}`),
    });
    const request = await ask('jonas', 'db-01');
    expect(request).toMatchObject({ state: 'open', grant: null, mayDecide: false, user: { id: 'jonas' } });
    await expect(tried(jonas, 'db-01')).rejects.toMatchObject({ code: 'SP-2006' });
    await expect(decide('anke', request, 'approve', 3601)).rejects.toMatchObject({ code: 'SP-2005' });
    const answer = await decide('anke', request, 'approve', 600);
    expect(answer).toMatchObject({ state: 'approved', grant: { seconds: 600 }, decided: { by: { id: 'anke' } } });

    const target = await world.target(jonas, 'db-01');
    expect(target.needs).toEqual([]);
    expect(target.logins).toMatchObject([{ name: sshd.login }, { name: 'postgres', needsApproval: true }]);
    expect(target.logins[0]).not.toHaveProperty('needsApproval');
    const { grant } = await tried(jonas, 'db-01');
    expect(grant.limits.maxSeconds).toBeLessThanOrEqual(600);
    expect(grant.limits.maxSeconds).toBeGreaterThan(590);
    // Nothing else was said: the request says why.
    expect([grant.reason, grant.ticket]).toEqual(['slow queries', 'CHG-4711']);
    for (const [device, name, login] of [
      [jonas, 'db-01', 'postgres'],
      [jonas, 'db-02', sshd.login],
      [eeva, 'db-01', sshd.login],
    ] as const)
      await expect(tried(device, name, login)).rejects.toMatchObject({ code: 'SP-2006' });
    expect(await world.auditOf(request.id)).toEqual(['access.requested', 'request.refused', 'access.approved']);
  });

  it('security 37: is never granted by the one who asked, on whatever device, although rules let them decide', async () => {
    const own = await ask('eeva', 'db-02');
    await expect(decide('eeva', own, 'approve')).rejects.toMatchObject({ code: 'SP-5003' });
    await expect(decide('eeva', own, 'deny')).rejects.toMatchObject({ code: 'SP-5003' });
    const other = await world.enrol('eeva');
    await expect(
      other.client.call('decideAccessRequest', {
        params: { requestId: own.id },
        body: { decision: 'approve', reason: 'me, elsewhere' },
      }),
    ).rejects.toMatchObject({ code: 'SP-5003' });
    // The database holds the same rule.
    await expect(
      world.server.context.writer
        .updateTable('access_requests')
        .set({ decided_by: 'eeva' })
        .where('id', '=', own.id)
        .execute(),
    ).rejects.toThrow();
    expect((await decide('anke', own, 'deny')).state).toBe('denied');
  });

  it('security 37: denied, withdrawn, revoked, lapsed and run-out access opens nothing, and is not decided again', async () => {
    const denied = await decide('anke', await ask('jonas', 'db-03'), 'deny');
    await expect(tried(jonas, 'db-03')).rejects.toMatchObject({ code: 'SP-2006' });
    const withdrawn = await revoke('jonas', await ask('jonas', 'db-03'));
    const revoked = await revoke('anke', await approved('jonas', 'db-03'));
    await expect(tried(jonas, 'db-03')).rejects.toMatchObject({ code: 'SP-2006' });
    const short = await approved('jonas', 'db-03', 1);
    await wait(Date.parse(short.grant?.endsAt ?? '') - Date.now() + 5);
    await expect(tried(jonas, 'db-03')).rejects.toMatchObject({ code: 'SP-2006' });
    const waiting = await ask('jonas', 'db-03');
    clock.aheadMs = 24 * 3_600_000;
    await expect(decide('anke', waiting, 'approve')).rejects.toMatchObject({ code: 'SP-2005' });
    clock.aheadMs = 0;
    for (const request of [denied, withdrawn, revoked, short, waiting]) {
      await expect(decide('anke', request, 'approve')).rejects.toMatchObject({ code: 'SP-2005' });
      await expect(revoke('anke', request)).rejects.toMatchObject({ code: 'SP-2005' });
    }
    const { requests } = await world.as('jonas', 'listAccessRequests', {});
    const state = (wanted: AccessRequestView) => requests.find(({ id }) => id === wanted.id)?.state;
    expect([denied, withdrawn, revoked, short, waiting].map(state)).toEqual([
      'denied',
      'revoked',
      'revoked',
      'expired',
      'expired',
    ]);
    expect(await world.auditOf(short.id)).toContain('access.expired');
    expect(await world.auditOf(waiting.id)).toContain('access.expired');
  });

  it('is decided once, of many who decide at once', async () => {
    const anke = await world.enrol('anke');
    const request = await ask('jonas', 'db-04');
    const body = { decision: 'approve', reason: 'in the window' };
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? anke : eeva).client.call('decideAccessRequest', { params: { requestId: request.id }, body }),
      ),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const events = await world.auditOf(request.id);
    expect(events.filter((event) => event === 'access.approved')).toHaveLength(1);
  });

  it('is asked for once at a time, only where it would help, and others do not learn of it', async () => {
    const request = await ask('jonas', 'db-05');
    await expect(ask('jonas', 'db-05')).rejects.toMatchObject({ code: 'SP-2005' });
    await expect(ask('jonas', 'web-01')).rejects.toMatchObject({ code: 'SP-2005' });
    await expect(ask('jonas', 'db-05', 60, 'nobody')).rejects.toMatchObject({ code: 'SP-2002' });
    await expect(ask('jonas', 'hr-01')).rejects.toMatchObject({ code: 'SP-2001' });
    await expect(ask('pavel', 'db-05')).rejects.toMatchObject({ code: 'SP-2001' });
    for (const stranger of ['mira', 'pavel', 'sanna']) {
      await expect(decide(stranger, request, 'approve')).rejects.toMatchObject({ code: 'SP-2004' });
      await expect(revoke(stranger, request)).rejects.toMatchObject({ code: 'SP-2004' });
      expect((await world.as(stranger, 'listAccessRequests', {})).requests).toEqual([]);
    }
    const forAnke = (await world.as('anke', 'listAccessRequests', { query: { state: 'open' } })).requests;
    expect(forAnke.find(({ id }) => id === request.id)).toMatchObject({ mayDecide: true, reason: 'slow queries' });
  });

  it('is all that a vendor has: no other target is seen, and none is reached without it', async () => {
    const pavel = await world.enrol('pavel');
    const { targets } = await pavel.client.call('listTargets');
    expect(targets.map(({ name, needs }) => [name, needs])).toEqual([['web-01', ['approval']]]);
    await expect(tried(pavel, 'web-01', 'postgres')).rejects.toMatchObject({ code: 'SP-2006' });
    await decide('anke', await ask('pavel', 'web-01', 300, 'postgres'), 'approve');
    expect((await tried(pavel, 'web-01', 'postgres')).grant.limits.maxSeconds).toBeLessThanOrEqual(300);
  });
});

describe('the end of access', () => {
  it('by revocation cuts its running sessions within two seconds, traffic or not', async () => {
    const request = await approved('jonas', 'db-06');
    const one = await running(jonas, 'db-06');
    const begun = performance.now();
    await revoke('anke', request);
    expect((await one.relay.relayed).code).toBe(4007);
    await one.ssh.exited;
    expect(performance.now() - begun).toBeLessThan(2000);
    await expect.poll(() => endReason(one.session)).toBe('ended: time limit reached');
    await expect(tried(jonas, 'db-06')).rejects.toMatchObject({ code: 'SP-2006' });
    await one.close();
  });

  it('by time cuts them within two seconds of it', async () => {
    const request = await approved('jonas', 'db-07', 4);
    const one = await running(jonas, 'db-07');
    expect((await one.relay.relayed).code).toBe(4007);
    const late = Date.now() - Date.parse(request.grant?.endsAt ?? '');
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(2000);
    await expect.poll(() => endReason(one.session)).toBe('ended: time limit reached');
    await one.close();
  });

  it('between grant and connection leaves neither relay nor login', async () => {
    const request = await approved('jonas', 'db-08');
    const session = await tried(jonas, 'db-08');
    // As if another process had revoked it and the word had not come yet.
    await world.server.context.writer
      .updateTable('access_requests')
      .set({ state: 'revoked' })
      .where('id', '=', request.id)
      .execute();
    const relay = await relayPort(jonas, session.id);
    expect(await relay.relayed).toMatchObject({ code: 4003, reason: expect.stringContaining('SP-2002') });
    relay.close();
    const nothing = Buffer.from('x').toString('base64');
    await expect(
      jonas.client.call('loginSignature', {
        params: { sessionId: session.id },
        body: { sshSessionId: nothing, hostKey: nothing, hostSignature: nothing, toSign: nothing },
      }),
    ).rejects.toMatchObject({ code: 'SP-2041' });
  });

  it('of a direct session stops its lease', async () => {
    const request = await approved('jonas', 'db-edge');
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'db-edge', sshd.login);
    const stop = launcher.beat(session.id);
    await revoke('jonas', request);
    const last = world.server.context.services.leases.cutAt(session.id);
    // Renewals come every 3 s while a session lives.
    await wait(3800);
    expect(world.server.context.services.leases.cutAt(session.id) ?? 0).toBeLessThanOrEqual(last ?? 0);
    stop();
    await launcher.close();
  });

  it('by other access rules or another role cuts running sessions within two seconds, and the view follows', async () => {
    const one = await running(jonas, 'web-01');
    const people = document.people.map((person) =>
      person.id === 'jonas' ? { ...person, roles: ['analyst' as const] } : person,
    );
    expect((await jonas.client.call('me')).views).not.toContain('live');
    const begun = performance.now();
    await world.as('sanna', 'apply', { body: { ...document, people } });
    expect((await one.relay.relayed).code).toBe(4002);
    expect(performance.now() - begun).toBeLessThan(2000);
    const me = await jonas.client.call('me');
    expect([me.user.roles, me.views.includes('live')]).toEqual([['analyst'], true]);
    await expect(tried(jonas, 'web-01')).rejects.toMatchObject({ code: 'SP-2002' });
    await one.close();
    await world.as('sanna', 'apply', { body: document });
  });

  it('comes with the removal of a person, for good', async () => {
    const request = await decide('anke', await ask('pavel', 'web-01', 300, 'postgres'), 'approve');
    await world.as('sanna', 'apply', {
      body: { ...document, people: document.people.filter(({ id }) => id !== 'pavel') },
    });
    await world.as('sanna', 'apply', { body: document });
    const again = await world.enrol('pavel');
    await expect(tried(again, 'web-01', 'postgres')).rejects.toMatchObject({ code: 'SP-2006' });
    const { requests } = await world.as('pavel', 'listAccessRequests', {});
    expect(requests.find(({ id }) => id === request.id)?.state).toBe('revoked');
  });
});
