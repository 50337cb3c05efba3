import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateOf } from '../harness/certificate-grant.ts';
import { type Sshd, startSshd, until } from '../harness/session/sshd.ts';
import { relayPort } from './live-world/sockets.ts';
import { runSsh } from './live-world/ssh-client.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

let world: World;
let sshd: Sshd;
let jonas: Device;

beforeAll(async () => {
  world = await startWorld();
  sshd = await startSshd();
  writeFileSync(`${sshd.authority}.pub`, `${world.server.context.services.broker.authority}\n`);
  await world.apply(
    [{ name: 'web-01', host: '127.0.0.1', port: sshd.port, logins: [{ name: sshd.login }], hostKeys: [sshd.hostKey] }],
    [`127.0.0.1:${sshd.port}`],
  );
  jonas = await world.enrol('jonas');
});
afterAll(async () => {
  await sshd?.stop();
  await world?.close();
});

describe('security 3a: a login by the broker', () => {
  it('is a certificate that ssh-keygen reads as meant', async () => {
    const session = await world.open(jonas, 'web-01', sshd.login);
    const file = path.join(world.folder, 'cert.pub');
    const { algorithm, certificate } = certificateOf(session.grant);
    writeFileSync(file, `${algorithm} ${certificate}\n`);
    const text = execFileSync('ssh-keygen', ['-L', '-f', file], { encoding: 'utf8' });
    expect(text).toContain('ssh-ed25519-cert-v01@openssh.com user certificate');
    expect(text).toContain(`Key ID: "jonas ${session.id} web-01"`);
    expect(text).toMatch(new RegExp(`Principals: \n\\s+${sshd.login}\n`));
    expect(text).toContain('Critical Options: (none)');
    expect(text).toMatch(/Extensions: \n\s+permit-pty\n?$/);
    const [, from, to] = /Valid: from (\S+) to (\S+)/.exec(text) ?? [];
    expect(Date.parse(`${to}Z`) - Date.parse(`${from}Z`)).toBe(5 * 60_000);
  });

  it('opens a shell at a real sshd, through the relay, with no key at the client; its signature is given once, also when asked for thirty times at once', async () => {
    const session = await world.open(jonas, 'web-01', sshd.login);
    const relay = await relayPort(jonas, session.id);
    const ssh = await runSsh({ world, session, port: relay.port, command: 'echo from-$((40+2)); exit 7', tries: 30 });
    await ssh.shows('from-42');
    expect(await ssh.exited).toBe(7);
    expect(ssh.signatures()).toBe(1);
    await relay.relayed;
    await sshd.logged(new RegExp(`Accepted publickey for ${sshd.login} .*ID jonas ${session.id} web-01`));
    const again = jonas.client.call('loginSignature', { params: { sessionId: session.id }, body: ssh.asked() });
    await expect(again).rejects.toMatchObject({ code: 'SP-2041' });
    await until(async () => (await world.auditOf(session.id)).includes('relay.closed'), 'the relay to audit');
    expect(await world.auditOf(session.id)).toEqual(
      expect.arrayContaining(['session.granted', 'relay.opened', 'login.signed', 'relay.closed', 'login.refused']),
    );
    expect(world.relayLog().filter((line) => line.sessionId === session.id)).toMatchObject([
      { event: 'open', targetAddress: `127.0.0.1:${sshd.port}` },
      { event: 'closed', why: expect.stringContaining('closed the connection') },
    ]);
    relay.close();
  });

  it('is refused to another device, also of the same person', async () => {
    const other = await world.enrol('jonas');
    const session = await world.open(jonas, 'web-01', sshd.login);
    const relay = await relayPort(jonas, session.id);
    const ssh = await runSsh({ world, session: { ...session, device: other }, port: relay.port, command: 'true' });
    expect(await ssh.exited).toBe(255);
    expect(await world.auditOf(session.id)).toContain('login.refused');
    relay.close();
  });
});
