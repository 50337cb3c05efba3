import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../src/control/actor.ts';
import { hasPassword, listSecrets, removeSecret, setSecret } from '../../src/control/secrets/secrets.ts';
import { blobOfLine, keyOfBlob } from '../../src/recording/signatures/keys.ts';
import { certificateOf } from '../harness/certificate-grant.ts';
import { type Bao, named, openbaoMissing, startBao } from '../harness/openbao.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';
import { relayPort } from './live-world/sockets.ts';
import { runSsh } from './live-world/ssh-client.ts';
import { type Device, startWorld, type World } from './live-world/world.ts';

describe.skipIf(openbaoMissing !== null)(named('sessions whose certificates OpenBao signs'), () => {
  let bao: Bao;
  let sshd: Sshd;
  let world: World;
  let jonas: Device;
  beforeAll(async () => {
    sshd = await startSshd();
    bao = await startBao({ login: sshd.login });
    world = await startWorld({ vault: bao.vault });
    writeFileSync(`${sshd.authority}.pub`, readFileSync(world.server.sshAuthorityFile));
    const hostKeys = [sshd.hostKey];
    const logins = [{ name: sshd.login }, { name: 'nobody-allowed' }];
    const switch01 = {
      name: 'switch-01',
      host: '10.1.2.3',
      logins: [{ name: 'ad/min', credential: 'password' as const }],
    };
    await world.apply(
      [
        { name: 'web-01', host: '127.0.0.1', port: sshd.port, logins, hostKeys },
        { ...switch01, hostKeys },
      ],
      [`127.0.0.1:${sshd.port}`],
    );
    jonas = await world.enrol('jonas');
  });
  afterAll(async () => {
    await world?.close();
    await sshd?.stop();
    await bao?.stop();
  });

  it('log in at a real sshd, from the grant to the shell, with a certificate as it is asked for', async () => {
    const session = await world.open(jonas, 'web-01', sshd.login);
    const relay = await relayPort(jonas, session.id);
    const ssh = await runSsh({ world, session, port: relay.port, command: 'echo from-$((40+2)); exit 7' });
    await ssh.shows('from-42');
    expect(await ssh.exited).toBe(7);
    await sshd.logged(new RegExp(`Accepted publickey for ${sshd.login} .*ID jonas ${session.id} web-01`));
    relay.close();
    const { algorithm, certificate } = certificateOf(session.grant);
    const file = path.join(world.folder, 'cert.pub');
    writeFileSync(file, `${algorithm} ${certificate}\n`);
    const text = execFileSync('ssh-keygen', ['-L', '-f', file], { encoding: 'utf8' });
    expect(text).toContain(`Key ID: "jonas ${session.id} web-01"`);
    expect(text).toMatch(new RegExp(`Principals: \n\\s+${sshd.login}\n`));
    expect(text).toMatch(/Extensions: \n\s+permit-pty\n?$/);
    expect(text).toContain('Critical Options: (none)');
  });

  it('leave no key of the authority and no other secret in the data folder', () => {
    const { dataFolder } = world.server.context;
    expect(existsSync(path.join(dataFolder, 'vault'))).toBe(false);
    expect(existsSync(path.join(dataFolder, 'vault.key'))).toBe(false);
    expect(JSON.parse(readFileSync(path.join(dataFolder, 'vault-openbao.json'), 'utf8'))).toEqual({
      version: 0,
      kind: 'openbao',
      sshAuthority: world.server.context.sshAuthority.publicKey,
    });
    const secret = readFileSync(bao.secretIdFile, 'utf8').trim();
    for (const entry of readdirSync(dataFolder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      expect(readFileSync(path.join(entry.parentPath, entry.name)).includes(secret), entry.name).toBe(false);
    }
  });

  it('have their passwords in OpenBao, where `secrets set` puts them and `secrets remove` leaves nothing', async () => {
    const { context } = world.server;
    const sanna = { userId: 'sanna' } as Actor;
    const place = { target: 'switch-01', login: 'ad/min' };
    const stored = 'kv/data/sallyport/passwords/switch-01/ad%252Fmin';
    await setSecret(context, sanna, place, Buffer.from('canary-password'));
    expect((await bao.api('GET', stored)).body.data.data.value).toBe(Buffer.from('canary-password').toString('base64'));
    expect(await hasPassword(context, place)).toBe(true);
    expect(await listSecrets(context)).toMatchObject([{ ...place, setBy: 'sanna', used: true }]);
    await removeSecret(context, sanna, place);
    expect((await bao.api('GET', stored.replace('/data/', '/metadata/'))).status).toBe(404);
    await expect(removeSecret(context, sanna, place)).rejects.toMatchObject({ code: 'SP-2043' });
    expect(readFileSync(path.join(context.dataFolder, 'audit.log'), 'utf8')).not.toContain('canary');
  });

  it('come from any of several servers on one OpenBao: the same authority, the same signing key', async () => {
    const second = await startWorld({ vault: bao.vault });
    const [one, two] = [world.server.context, second.server.context];
    expect(two.sshAuthority.publicKey).toBe(one.sshAuthority.publicKey);
    expect(two.signer.publicKey).toBe(one.signer.publicKey);
    await second.close();
  });

  it('are for one account: sshd refuses the certificate for another, and OpenBao signs none that its role does not name', async () => {
    const key = path.join(world.folder, 'own-key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
    const publicKey = keyOfBlob(blobOfLine(readFileSync(`${key}.pub`, 'utf8')));
    const now = Math.floor(Date.now() / 1000);
    const asked = { publicKey, keyId: 'x', validAfter: now - 60, validBefore: now + 240 };
    await bao.api('POST', 'sallyport-ssh/roles/sallyport', {
      ...JSON.parse(readFileSync(path.join(bao.folder, 'assets/openbao/ssh-role.json'), 'utf8')),
      allowed_users: `${sshd.login},another-account`,
    });
    const { sshAuthority } = world.server.context;
    const logInWith = async (principal: string): Promise<number | null> => {
      const blob = await sshAuthority.certify({ ...asked, principals: [principal] });
      writeFileSync(`${key}-cert.pub`, `ssh-ed25519-cert-v01@openssh.com ${blob.toString('base64')}\n`);
      const where = [`${sshd.login}@127.0.0.1`, '-p', String(sshd.port), '-i', key, 'true'];
      const options = [
        'IdentitiesOnly=yes',
        'BatchMode=yes',
        'StrictHostKeyChecking=no',
        'UserKnownHostsFile=/dev/null',
      ];
      return spawnSync('ssh', ['-F', 'none', ...options.flatMap((option) => ['-o', option]), ...where]).status;
    };
    expect(await logInWith(sshd.login)).toBe(0);
    expect(await logInWith('another-account')).toBe(255);
    await sshd.logged(/Certificate invalid: name is not a listed principal/);
    await expect(world.open(jonas, 'web-01', 'nobody-allowed')).rejects.toMatchObject({
      code: 'SP-5006',
      message: expect.stringContaining('refused what this server asked'),
    });
  });

  it('that run go on while OpenBao is sealed, and can be killed; new ones are refused until it is unsealed', async () => {
    const session = await world.open(jonas, 'web-01', sshd.login);
    const relay = await relayPort(jonas, session.id);
    const ssh = await runSsh({
      world,
      session,
      port: relay.port,
      command: 'echo first; read line; echo "got $line"; cat',
    });
    await ssh.shows('first');
    await bao.seal();
    const before = (await world.auditOf((await world.target(jonas, 'web-01')).id)).length;
    await expect(world.open(jonas, 'web-01', sshd.login)).rejects.toMatchObject({
      code: 'SP-5006',
      message: expect.stringMatching(/is sealed .*Sessions that run go on/),
    });
    const audited = await world.auditOf((await world.target(jonas, 'web-01')).id);
    expect(audited.slice(before)).toEqual(['session.refused']);
    ssh.child.stdin?.write('typed\n');
    await ssh.shows('got typed');
    await world.as('mira', 'killSession', { params: { sessionId: session.id }, body: { reason: 'enough' } });
    expect(await ssh.exited).not.toBe(0);
    relay.close();
    await bao.unseal();
    const lock = (await world.target(jonas, 'web-01')).lock;
    if (lock !== null) await world.as('mira', 'liftLock', { params: { lockId: lock.id } });
    expect((await world.open(jonas, 'web-01', sshd.login)).grant.login).toBe(sshd.login);
  });
});
