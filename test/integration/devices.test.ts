import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeDevice } from '../../src/control/identity/devices.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';
import { connectLauncher, relayPort } from './live-world/sockets.ts';
import { runSsh } from './live-world/ssh-client.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

let world: World;
let sshd: Sshd;

beforeAll(async () => {
  world = await startWorld();
  sshd = await startSshd();
  writeFileSync(`${sshd.authority}.pub`, `${world.server.context.services.broker.authority}\n`);
  const target = { host: '127.0.0.1', port: sshd.port, logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey] };
  await world.apply([{ name: 'web-01', ...target }], [`127.0.0.1:${sshd.port}`]);
});
afterAll(async () => {
  await sshd?.stop();
  await world?.close();
});

const revoke = (as: string, deviceId: string) => world.as(as, 'revokeDevice', { params: { deviceId } });

async function busy(device: Device) {
  const launcher = await connectLauncher(device);
  const session = await world.open(device, 'web-01', sshd.login);
  const relay = await relayPort(device, session.id);
  const ssh = await runSsh({
    world,
    session,
    port: relay.port,
    command: 'while true; do echo tick; sleep 0.02; done',
  });
  await ssh.shows('tick');
  launcher.say({ type: 'session-opened', sessionId: session.id, at: new Date().toISOString() });
  const stop = launcher.beat(session.id);
  return { launcher, session, relay, ssh, stop };
}

describe('devices', () => {
  it('are listed to their person, and all of them to whoever administers', async () => {
    const jonas = await world.enrol('jonas');
    const eeva = await world.enrol('eeva');
    const own = (await jonas.client.call('listDevices')).devices;
    expect(own).toMatchObject([{ id: jonas.deviceId, name: 'jonas-laptop', user: { id: 'jonas' }, isThis: true }]);
    const all = (await world.as('sanna', 'listDevices', {})).devices;
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining([jonas.deviceId, eeva.deviceId]));
    await expect(revoke('jonas', eeva.deviceId)).rejects.toMatchObject({ code: 'SP-5002' });
    await expect(revoke('mira', eeva.deviceId)).rejects.toMatchObject({ code: 'SP-5002' });
    expect((await eeva.client.call('me')).user.id).toBe('eeva');
  });

  it('security 30: a revoked one is out within two seconds, its channel open and its relay busy', async () => {
    const jonas = await world.enrol('jonas');
    const other = await world.enrol('jonas');
    const { launcher, session, relay, ssh, stop } = await busy(jonas);
    const begun = performance.now();
    await revoke('sanna', jonas.deviceId);
    const told = await launcher.next('revoked');
    expect(told.problem).toMatchObject({
      code: 'SP-1005',
      message: expect.stringContaining('Sanna Virtanen revoked it'),
    });
    const [channel, wire] = await Promise.all([launcher.closed, relay.relayed]);
    await ssh.exited;
    expect([channel.code, wire.code]).toEqual([4005, 4005]);
    expect(performance.now() - begun).toBeLessThan(2000);
    stop();
    await sshd.logged(/Connection (closed|reset)|Read error|Close session/);
    await expect(jonas.client.call('me')).rejects.toMatchObject({ code: 'SP-1005' });
    // Another device of the same person stays.
    expect((await other.client.call('me')).user.id).toBe('jonas');
    expect(await world.auditOf(jonas.deviceId)).toEqual(['device.enrolled', 'device.revoked']);
    expect((await world.as('sanna', 'listDevices', {})).devices.map(({ id }) => id)).not.toContain(jonas.deviceId);
    await expect(revoke('sanna', jonas.deviceId)).rejects.toMatchObject({ code: 'SP-5002' });
    expect(world.server.context.services.leases.cutAt(session.id)).not.toBeNull();
    relay.close();
  });

  it('may be signed out by themselves, once of fifty at once', async () => {
    const eeva = await world.enrol('eeva');
    const { context } = world.server;
    const actor = {
      userId: 'eeva',
      name: 'Eeva Salo',
      roles: ['operator'],
      groups: [],
      device: null,
      via: 'device',
    } as const;
    // Beside the requests themselves, which do not all arrive in the same moment.
    const tries = await Promise.allSettled([
      eeva.client.call('revokeDevice', { params: { deviceId: eeva.deviceId } }),
      ...Array.from({ length: 50 }, () => revokeDevice(context, actor, eeva.deviceId)),
    ]);
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const events = await world.auditOf(eeva.deviceId);
    expect(events.filter((event) => event === 'device.revoked')).toHaveLength(1);
  });
});

describe('the audit', () => {
  it('is read by person and by session, with what names the session in its detail', async () => {
    const jonas = await world.enrol('jonas');
    const { id } = await world.open(jonas, 'web-01', sshd.login);
    const order = await world.as('mira', 'killSession', { params: { sessionId: id }, body: { reason: 'wrong host' } });
    const { context } = world.server;
    context.policy.setPolicies([
      {
        id: 'audit',
        cedar: 'permit(principal in Role::"engineer", action == Action::"ReadAudit", resource);',
      },
    ]);
    const events = async (query: Record<string, string>) =>
      (await world.as('sanna', 'listAudit', { query })).events.map(({ event, subject }) => [event, subject]);
    expect(await events({ session: id })).toEqual([
      ['lock.created', order.lockId],
      ['order.requested', order.id],
      ['session.granted', id],
    ]);
    expect(await events({ session: id, actor: 'jonas' })).toEqual([['session.granted', id]]);
    const byMira = await events({ actor: 'mira' });
    expect(byMira).toContainEqual(['order.requested', order.id]);
    expect(byMira).not.toContainEqual(['session.granted', id]);
  });
});
