import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';
import { relayPort } from './live-world/sockets.ts';
import { runSsh } from './live-world/ssh-client.ts';
import { type Device, type Session, startWorld, type World } from './live-world/world.ts';

let world: World;
let sshd: Sshd;
let jonas: Device;

beforeAll(async () => {
  world = await startWorld();
  sshd = await startSshd();
  writeFileSync(`${sshd.authority}.pub`, `${world.server.context.services.broker.authority}\n`);
  await applyTargets(['web-01', 'web-02', 'web-03', 'edge-01', 'edge-02']);
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  await sshd?.stop();
  await world?.close();
});

async function applyTargets(names: string[]): Promise<void> {
  const common = { host: '127.0.0.1', port: sshd.port, logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey] };
  await world.apply(
    names.map((name) => ({
      name,
      route: name.startsWith('edge') ? ('direct' as const) : ('relay' as const),
      ...common,
    })),
    [`127.0.0.1:${sshd.port}`],
  );
}

/** Tries to log in over a connection to `port`; answers ssh's exit code. */
async function logIn(session: Session, port: number): Promise<number | null> {
  const ssh = await runSsh({ world, session, port, command: 'true' });
  return ssh.exited;
}

/** The check that the audit names for the last refused signature of a session. */
async function refusedFor(session: Session): Promise<unknown> {
  const row = await world.server.context.reader
    .selectFrom('audit_events')
    .select('detail')
    .where('subject', '=', session.id)
    .where('event', '=', 'login.refused')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return row?.detail.check;
}

async function lockOut(targetId: string): Promise<void> {
  await world.server.context.writer
    .insertInto('locks')
    .values({
      id: randomUUID(),
      user_id: 'jonas',
      target_id: targetId,
      reason: 'wrong host',
      by_id: 'mira',
      by_name: 'Mira Okafor',
      created_at: new Date(),
      lifted_by: null,
    })
    .execute();
}

describe('security 3a: a login at a target that is reached through the relay', () => {
  it('is not signed for a connection of its own, with no relay, nor beside an idle one', async () => {
    const alone = await world.open(jonas, 'web-01', sshd.login);
    expect(await logIn(alone, sshd.port)).toBe(255);
    expect(await refusedFor(alone)).toBe('relay');

    const beside = await world.open(jonas, 'web-01', sshd.login);
    const idle = await relayPort(jonas, beside.id);
    expect(await logIn(beside, sshd.port)).toBe(255);
    expect(await refusedFor(beside)).toBe('relay');
    // The key is spent: the relay is no way to try again.
    expect(await logIn(beside, idle.port)).toBe(255);
    expect(await refusedFor(beside)).toBe('once');
    idle.close();
  });

  it("is not signed for another session's connection through the relay", async () => {
    const [mine, other] = [
      await world.open(jonas, 'web-01', sshd.login),
      await world.open(jonas, 'web-01', sshd.login),
    ];
    const wires = [await relayPort(jonas, mine.id), await relayPort(jonas, other.id)] as const;
    expect(await logIn(mine, wires[1].port)).toBe(255);
    expect(await refusedFor(mine)).toBe('relay');
    for (const wire of wires) wire.close();
  });

  it('is signed for what its relay carries; and directly where the grant says so', async () => {
    const relayed = await world.open(jonas, 'web-01', sshd.login);
    const wire = await relayPort(jonas, relayed.id);
    expect(await logIn(relayed, wire.port)).toBe(0);
    wire.close();
    expect(await logIn(await world.open(jonas, 'edge-01', sshd.login), sshd.port)).toBe(0);
  });
});

describe('a grant taken earlier', () => {
  it('ends with a lock that came since: no signature, no relay', async () => {
    const [direct, relayed] = [
      await world.open(jonas, 'edge-02', sshd.login),
      await world.open(jonas, 'web-02', sshd.login),
    ];
    for (const { grant } of [direct, relayed]) await lockOut(grant.target.id);
    expect(await logIn(direct, sshd.port)).toBe(255);
    expect(await refusedFor(direct)).toBe('lock');
    const { code, reason } = await (await relayPort(jonas, relayed.id)).relayed;
    expect([code, reason]).toEqual([4003, 'SP-2003 locked out of this target by Mira Okafor']);
  });

  it('ends with a kill of another session of the same person at the same target', async () => {
    const [first, second] = [
      await world.open(jonas, 'web-03', sshd.login),
      await world.open(jonas, 'web-03', sshd.login),
    ];
    const wire = await relayPort(jonas, second.id);
    const ssh = await runSsh({ world, session: second, port: wire.port, command: 'echo up-$((1+1)); exec sleep 600' });
    await ssh.shows('up-2');
    const killed = await world.as('mira', 'killSession', {
      params: { sessionId: first.id },
      body: { reason: 'wrong host' },
    });
    expect((await wire.relayed).code).toBe(4001);
    const order = await world.server.context.reader
      .selectFrom('orders')
      .selectAll()
      .where('session_id', '=', second.id)
      .executeTakeFirstOrThrow();
    expect(order).toMatchObject({ lock_id: killed.lockId, reason: 'wrong host', by_id: 'mira' });
    expect(await world.auditOf(order.id)).toContain('order.requested');
    await ssh.exited;
  });

  it('ends with the access rule or the target that it came from', async () => {
    const direct = await world.open(jonas, 'edge-01', sshd.login);
    const relayed = await world.open(jonas, 'web-01', sshd.login);
    await applyTargets([]);
    expect(await logIn(direct, sshd.port)).toBe(255);
    expect(await refusedFor(direct)).toBe('access');
    const { code, reason } = await (await relayPort(jonas, relayed.id)).relayed;
    expect([code, reason.slice(0, 7)]).toEqual([4003, 'SP-2002']);
  });
});

describe('security 3a: a signature for a session of another device', () => {
  it('is refused as one for a session that does not exist; only the audit knows the difference', async () => {
    await applyTargets(['web-01']);
    const session = await world.open(await world.enrol('eeva'), 'web-01', sshd.login);
    const body = { sshSessionId: '', hostKey: '', hostSignature: '', toSign: '' };
    const answer = async (sessionId: string) =>
      jonas.client.call('loginSignature', { params: { sessionId }, body }).catch((error: unknown) => error);
    expect(await answer(session.id)).toEqual(await answer(randomUUID()));
    expect(await refusedFor(session)).toBe('device');
  });
});
