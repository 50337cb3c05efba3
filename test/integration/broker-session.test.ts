import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicKeyLine } from '../../src/recording/signatures/keys.ts';
import { openDocument } from '../../src/recording/signatures/signed.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { leasePayloadSchema, sessionKeyStatement } from '../../src/shared/protocol/signed.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

let world: World;
let jonas: Device;

beforeAll(async () => {
  world = await startWorld();
  const hostKeys = ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb'];
  const limits = { maxSeconds: 600, idleSeconds: 60 };
  await world.apply([
    { name: 'web-01', host: '10.1.2.3', port: 2222, logins: [{ name: 'deploy' }], hostKeys, limits, production: true },
    { name: 'db-01', host: '10.1.2.4', logins: [{ name: 'postgres' }], hostKeys, needs: ['reason', 'ticket'] },
  ]);
  jonas = await world.enrol('jonas');
});
afterAll(() => world?.close());

describe('asking for a session', () => {
  it('answers a signed grant and a first lease, and has registered the session', async () => {
    const session = await world.open(jonas, 'web-01', 'deploy');
    expect(session.grant).toMatchObject({
      user: { id: 'jonas', name: 'Jonas Lindqvist' },
      device: { id: jonas.deviceId, name: 'jonas-laptop' },
      target: { name: 'web-01', host: '10.1.2.3', port: 2222, production: true },
      login: 'deploy',
      route: 'relay',
      sessionKey: publicKeyLine(session.key),
      limits: { maxSeconds: 600, idleSeconds: 60 },
      recordMode: 'strict',
      evidence: { anchors: true, wire: true },
      command: null,
    });
    const { output, input } = session.grant.recipients;
    expect(new Set([...output, ...input]).size).toBe(3);
    expect(output[1]).toBe(input[1]);
    const lease = openDocument({
      signed: session.lease,
      publicKey: jonas.serverKey,
      namespace: 'lease@sallyport',
      schema: leasePayloadSchema,
    });
    expect(lease).toMatchObject({ sessionId: session.id, seq: 0, durationMs: 10_000 });
    const other = await world.open(jonas, 'web-01', 'deploy');
    expect(other.grant.serverNonce).not.toBe(session.grant.serverNonce);
    expect(other.grant.recipients.output[0]).not.toBe(output[0]);
    expect(await world.auditOf(session.id)).toEqual(['session.granted']);
    expect((await world.as('mira', 'getRecording', { params: { sessionId: session.id } })).state).toBe('started');
    expect((await world.target(jonas, 'web-01')).lastUsedAt).not.toBeNull();
  });

  const { privateKey } = generateKeyPairSync('ed25519');
  const certify = (device: Device, deviceId: string, sessionKey: string, namespace = 'session-key@sallyport') =>
    signSsh({
      privateKey: device.client.key.privateKey,
      namespace,
      message: sessionKeyStatement({ deviceId, sessionKey }),
    });
  const line = publicKeyLine(privateKey);

  it.each([
    [
      'of another device',
      async () => ({
        sessionKey: line,
        sessionKeyCertificate: certify(await world.enrol('jonas'), jonas.deviceId, line),
      }),
    ],
    ['for another device', async () => ({ sessionKey: line, sessionKeyCertificate: certify(jonas, 'another', line) })],
    [
      'of another key',
      async () => ({
        sessionKey: line,
        sessionKeyCertificate: certify(jonas, jonas.deviceId, publicKeyLine(generateKeyPairSync('ed25519').privateKey)),
      }),
    ],
    [
      'made for another purpose',
      async () => ({
        sessionKey: line,
        sessionKeyCertificate: certify(jonas, jonas.deviceId, line, 'recording@sallyport'),
      }),
    ],
    ['that is none', async () => ({ sessionKey: line, sessionKeyCertificate: 'x' })],
    [
      'of a key with a comment',
      async () => ({ sessionKey: `${line} x`, sessionKeyCertificate: certify(jonas, jonas.deviceId, `${line} x`) }),
    ],
    [
      'of another kind of key',
      async () => {
        const ecdsa = publicKeyLine(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
        return { sessionKey: ecdsa, sessionKeyCertificate: certify(jonas, jonas.deviceId, ecdsa) };
      },
    ],
  ])('is refused with a session key certificate %s', async (_name, changes) => {
    await expect(world.open(jonas, 'web-01', 'deploy', await changes())).rejects.toMatchObject({ code: 'SP-1006' });
  });

  it('is refused when a session key was used before', async () => {
    const session = await world.open(jonas, 'web-01', 'deploy');
    const again = { sessionKey: publicKeyLine(session.key), sessionKeyCertificate: session.certificate };
    await expect(world.open(jonas, 'web-01', 'deploy', again)).rejects.toMatchObject({ code: 'SP-1006' });
  });

  it('needs an access rule, a login that is offered, a reason and a ticket where they are asked for', async () => {
    await expect(world.open(jonas, 'web-01', 'root')).rejects.toMatchObject({ code: 'SP-2002' });
    const hidden = { targetId: (await world.target(jonas, 'web-01')).id };
    const mira = await world.enrol('mira');
    const visible = { ...mira, client: mira.client };
    await expect(visible.client.call('listTargets')).resolves.toEqual({ targets: [] });
    const key = publicKeyLine(privateKey);
    const body = {
      ...hidden,
      login: 'deploy',
      reason: null,
      ticket: null,
      sessionKey: key,
      sessionKeyCertificate: certify(mira, mira.deviceId, key),
    };
    await expect(mira.client.call('openSession', { body })).rejects.toMatchObject({ code: 'SP-2001' });
    await expect(world.open(jonas, 'web-01', 'deploy', { targetId: 'none' })).rejects.toMatchObject({
      code: 'SP-2001',
    });
    await expect(world.open(jonas, 'db-01', 'postgres')).rejects.toMatchObject({ code: 'SP-5001' });
    await expect(world.open(jonas, 'db-01', 'postgres', { reason: '  ', ticket: 'T-1' })).rejects.toMatchObject({
      code: 'SP-5001',
    });
    const { grant } = await world.open(jonas, 'db-01', 'postgres', { reason: 'vacuum', ticket: 'T-1' });
    expect(grant).toMatchObject({ reason: 'vacuum', ticket: 'T-1' });
    expect(await world.auditOf(hidden.targetId)).toContain('session.refused');
  });

  it('is for devices: the local socket is refused', async () => {
    const body = {
      targetId: (await world.target(jonas, 'web-01')).id,
      login: 'deploy',
      reason: null,
      ticket: null,
      sessionKey: line,
      sessionKeyCertificate: 'x',
    };
    await expect(world.as('jonas', 'openSession', { body })).rejects.toMatchObject({ code: 'SP-5003' });
  });
});
