import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { EndReason } from '../../src/shared/model/session.ts';
import type { ControlToLauncher } from '../../src/shared/protocol/control-channel.ts';
import { type Sshd, startSshd, until } from '../harness/session/sshd.ts';
import { connectLauncher, ended, type Launcher, relayPort } from './live-world/sockets.ts';
import { type Device, type Session, startWorld, type World } from './live-world/world.ts';

let world: World;
let sshd: Sshd;
let jonas: Device;

beforeAll(async () => {
  world = await startWorld({ limits: { arrivalMs: 300 } });
  sshd = await startSshd();
  writeFileSync(`${sshd.authority}.pub`, `${world.server.context.services.broker.authority}\n`);
  const common = { host: '127.0.0.1', port: sshd.port, logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey] };
  const names = ['web-01', 'web-02', 'edge-01', 'edge-02'];
  await world.apply(
    names.map((name) => ({
      name,
      route: name.startsWith('edge') ? ('direct' as const) : ('relay' as const),
      ...common,
    })),
    [`127.0.0.1:${sshd.port}`],
  );
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  await sshd?.stop();
  await world?.close();
});

const exit: EndReason = { kind: 'exit', status: 0, signal: null };
const now = () => new Date().toISOString();

const kill = (sessionId: string) =>
  world.as('mira', 'killSession', { params: { sessionId }, body: { reason: 'wrong host' } });

async function row(sessionId: string) {
  return world.server.context.reader
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', sessionId)
    .executeTakeFirstOrThrow();
}

async function say(launcher: Launcher, session: Session, reason: EndReason): Promise<void> {
  launcher.say({ type: 'session-ended', sessionId: session.id, at: now(), reason });
  await until(async () => (await row(session.id)).ended_by === 'launcher', 'the end to be stored');
}

const locksOf = async (name: string) =>
  (await world.as('mira', 'listLocks')).locks.filter((lock) => lock.target.name === name);

describe("a launcher's account of an end", () => {
  it('does not change that it was a kill', async () => {
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'web-01', sshd.login);
    const order = await kill(session.id);
    await say(launcher, session, exit);
    expect((await row(session.id)).end_reason).toMatchObject({ kind: 'killed', orderId: order.id, by: 'Mira Okafor' });
    expect(await world.as('mira', 'getRecording', { params: { sessionId: session.id } })).toMatchObject({
      killedBy: 'Mira Okafor',
      endReason: 'killed by Mira Okafor: wrong host',
    });
    await world.as('mira', 'liftLock', { params: { lockId: order.lockId } });
    await launcher.close();
  });

  it('does not make a kill that nobody ordered', async () => {
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'web-01', sshd.login);
    const made = {
      kind: 'killed',
      orderId: 'o',
      by: 'Mira Okafor',
      byRole: 'analyst',
      reason: 'x',
      at: now(),
    } as const;
    await say(launcher, session, made);
    expect((await row(session.id)).end_reason).toMatchObject({ kind: 'process-crashed', problem: { code: 'SP-9002' } });
    expect(await world.as('mira', 'getRecording', { params: { sessionId: session.id } })).toMatchObject({
      killedBy: null,
    });
    await launcher.close();
  });
});

describe('a launcher that comes back', () => {
  it('ends what it does not list, at once, with the wire; not what it lists, nor what is still opening', async () => {
    const first = await connectLauncher(jonas);
    const [gone, kept, opening] = [
      await world.open(jonas, 'web-01', sshd.login),
      await world.open(jonas, 'web-01', sshd.login),
      await world.open(jonas, 'web-01', sshd.login),
    ];
    const wire = await relayPort(jonas, gone.id);
    for (const { id } of [gone, kept]) first.say({ type: 'session-opened', sessionId: id, at: now() });
    await until(async () => (await row(kept.id)).opened_at !== null, 'both to be open');
    await first.close();
    const back = await connectLauncher(jonas, [kept.id]);
    expect((await wire.relayed).code).toBe(4000);
    expect(await row(gone.id)).toMatchObject({ ended_by: 'server', end_reason: { kind: 'process-crashed' } });
    for (const { id } of [kept, opening]) expect((await row(id)).ended_at).toBeNull();
    expect(await world.auditOf(gone.id)).toContain('session.ended');
    // What it has to say of that end comes after its list, and is the better account.
    await say(back, gone, exit);
    expect((await row(gone.id)).end_reason).toEqual(exit);
    await back.close();
  });

  it('is told that it has lost its access, although that came while it was connecting', async () => {
    const eeva = await world.enrol('eeva');
    // Revoked with nobody told: what happens between the proof and the channel.
    await world.server.context.writer
      .updateTable('devices')
      .set({ revoked_at: new Date() })
      .where('id', '=', eeva.deviceId)
      .execute();
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    const sockets = new WebSocketServer({ server: http });
    sockets.on('connection', (socket) =>
      world.server.context.services.channels.serve(socket, {
        userId: 'eeva',
        name: 'Eeva Salo',
        roles: ['operator'],
        groups: [],
        via: 'device',
        device: { id: eeva.deviceId, name: 'eeva-laptop', publicKey: '' },
      }),
    );
    const { port } = http.address() as { port: number };
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    const closed = ended(socket);
    const heard: ControlToLauncher['type'][] = [];
    socket.on('message', (data) => heard.push(JSON.parse(String(data)).type));
    expect((await closed).code).toBe(4005);
    expect(heard).toContain('revoked');
    sockets.close();
    http.close();
  });
});

describe('a kill of a session that has ended', () => {
  it('makes the lock all the same when only the launcher says so: direct, or without a lease', async () => {
    const launcher = await connectLauncher(jonas);
    const direct = await world.open(jonas, 'edge-01', sshd.login);
    await say(launcher, direct, exit);
    await expect(kill(direct.id)).rejects.toMatchObject({
      code: 'SP-4011',
      message: expect.stringMatching(/ended already.*locked out of edge-01 all the same/),
    });
    const [lock] = await locksOf('edge-01');
    expect(await world.auditOf(lock?.id ?? '')).toEqual(['lock.created']);
    await expect(world.open(jonas, 'edge-01', sshd.login)).rejects.toMatchObject({ code: 'SP-2003' });

    const lapsed = await world.open(jonas, 'web-02', sshd.login);
    await world.server.context.writer
      .updateTable('sessions')
      .set({ ended_at: new Date(), ended_by: 'server', end_reason: JSON.stringify({ kind: 'lease-expired' }) })
      .where('id', '=', lapsed.id)
      .execute();
    await expect(kill(lapsed.id)).rejects.toMatchObject({ message: expect.stringContaining('all the same') });
    expect(await locksOf('web-02')).toHaveLength(1);
    await launcher.close();
  });

  it('makes none when the relay has seen it end, or long ago', async () => {
    const launcher = await connectLauncher(jonas);
    const relayed = await world.open(jonas, 'web-01', sshd.login);
    await say(launcher, relayed, exit);
    const old = await world.open(jonas, 'edge-02', sshd.login);
    await say(launcher, old, exit);
    await world.server.context.writer
      .updateTable('sessions')
      .set({ ended_at: new Date(Date.now() - 25 * 3_600_000) })
      .where('id', '=', old.id)
      .execute();
    for (const { id } of [relayed, old])
      await expect(kill(id)).rejects.toMatchObject({ code: 'SP-4011', message: expect.stringContaining('No lock') });
    expect(await locksOf('web-01')).toEqual([]);
    expect(await locksOf('edge-02')).toEqual([]);
    await launcher.close();
  });
});

describe('a recording that does not come', () => {
  it('is an audit event once, some time after the end of its session', async () => {
    const launcher = await connectLauncher(jonas);
    const session = await world.open(jonas, 'web-01', sshd.login);
    await say(launcher, session, exit);
    const alerts = async () => (await world.auditOf(session.id)).filter((event) => event === 'recording.incomplete');
    await until(async () => (await alerts()).length > 0, 'the alert');
    const settled = await row(session.id);
    expect(settled.incomplete_alerted_at).not.toBeNull();
    const later = await world.open(jonas, 'web-01', sshd.login);
    await say(launcher, later, exit);
    // Another look has passed when the next one is settled too.
    await until(async () => (await row(later.id)).incomplete_alerted_at !== null, 'another look');
    expect(await alerts()).toHaveLength(1);
    await launcher.close();
  });
});

describe('a grant', () => {
  it('that is not stored leaves no lease behind', async () => {
    const { leases } = world.server.context.services;
    const begun: string[] = [];
    const { begin } = leases;
    leases.begin = (session) => {
      begun.push(session.sessionId);
      return begin(session);
    };
    try {
      const good = await world.open(jonas, 'web-01', sshd.login);
      expect(begun).toEqual([good.id]);
      expect(leases.cutAt(good.id)).not.toBeNull();
      await world.server.context.writer.schema.alterTable('stream_keys').renameTo('stream_keys_away').execute();
      try {
        await expect(world.open(jonas, 'web-01', sshd.login)).rejects.toThrow();
      } finally {
        await world.server.context.writer.schema.alterTable('stream_keys_away').renameTo('stream_keys').execute();
      }
      expect(begun).toHaveLength(2);
      expect(leases.cutAt(begun[1] ?? '')).toBeNull();
      expect(await world.auditOf(begun[1] ?? '')).toEqual([]);
    } finally {
      leases.begin = begin;
    }
  });

  it('has its lease before anyone can find and kill it', async () => {
    const { services, audit } = world.server.context;
    const { recordWithin } = audit;
    const stop = new Set<string>();
    const leases = services.leases as { stop(sessionId: string): void };
    const realStop = leases.stop;
    leases.stop = (sessionId) => {
      if (services.leases.cutAt(sessionId) !== null) stop.add(sessionId);
      realStop(sessionId);
    };
    audit.recordWithin = async (transaction, entry) => {
      const line = await recordWithin(transaction, entry);
      return async () => {
        // Stored, and its launcher has not heard of it yet.
        if (entry.event === 'session.granted') await kill(entry.subject ?? '');
        await line();
      };
    };
    try {
      const session = await world.open(jonas, 'edge-02', sshd.login);
      expect([...stop]).toEqual([session.id]);
    } finally {
      audit.recordWithin = recordWithin;
      leases.stop = realStop;
    }
  });
});
