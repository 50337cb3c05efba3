import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type OpenedVault, openVault } from '../../src/control/broker/vault/open-vault.ts';
import { makeVaultPlace, type VaultInput } from '../../src/control/config/vault.ts';
import type { Clock } from '../../src/control/context.ts';
import { getOrMake } from '../../src/control/vault.ts';
import { publicKeyLine } from '../../src/recording/signatures/keys.ts';
import { SallyportError } from '../../src/shared/errors/result.ts';
import { type Bao, named, openbaoMissing, startBao } from '../harness/openbao.ts';
import { freePort } from '../harness/session/sshd.ts';

const systemClock: Clock = { now: () => new Date(), monotonicMs: () => performance.now() };

describe.skipIf(openbaoMissing !== null)(named('OpenBao as the vault'), () => {
  let bao: Bao;
  let folder: string;
  const opened: OpenedVault[] = [];
  beforeAll(async () => {
    bao = await startBao({ login: 'deploy' });
  });
  afterAll(() => bao?.stop());
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'sallyport-bao-'));
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(
    changes: VaultInput = {},
    { environment = {}, clock = systemClock }: { environment?: NodeJS.ProcessEnv; clock?: Clock } = {},
  ): Promise<OpenedVault> {
    const place = makeVaultPlace({ ...bao.vault, ...changes });
    const openEmbedded = () => Promise.reject(new Error('not this one'));
    const one = await openVault({ place, dataFolder: folder, clock, environment, openEmbedded });
    opened.push(one);
    return one;
  }

  /** Awaits a refusal and answers its problem; nothing secret is in it, however it is looked at. */
  async function refusalOf(work: Promise<unknown>, words: RegExp): Promise<string | undefined> {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof SallyportError)) throw new Error(`not refused: ${error}`);
    expect(error.code).toBe('SP-5006');
    expect(error.message).toMatch(words);
    const all = JSON.stringify([error.message, error.facts, error.stack, String(error.cause)]);
    for (const secret of [bao.roleIdFile, bao.secretIdFile])
      expect(all).not.toContain(readFileSync(secret, 'utf8').trim());
    return error.facts?.problem;
  }

  function requests(operation: string, where: string): number {
    const lines = readFileSync(path.join(bao.folder, 'audit.log'), 'utf8').trim().split('\n');
    return lines
      .map((line) => JSON.parse(line))
      .filter((line) => line.type === 'response' && line.request.operation === operation && line.request.path === where)
      .length;
  }

  it('keeps passwords: set, read by another process, replaced without the old one staying, listed by name, removed with every version', async () => {
    const { vault } = await open();
    expect(vault.kind).toBe('openbao');
    const name = 'passwords/web-01/..%2F..%2Fssh-authority';
    expect([await vault.get(name), await vault.has(name)]).toEqual([null, false]);
    await vault.put(name, Buffer.from('first'));
    await vault.put(name, Buffer.from([0, 255, 10]));
    await vault.put('passwords/web-02/DOMAIN%5Canna', Buffer.from('x'));
    await vault.put('passwords/a%2E%2E/%2E', Buffer.from('y'));
    expect(await (await open()).vault.get(name)).toEqual(Buffer.from([0, 255, 10]));
    expect(await vault.has(name)).toBe(true);
    expect(await vault.list('passwords/')).toEqual(['passwords/a%2E%2E/%2E', name, 'passwords/web-02/DOMAIN%5Canna']);
    const place = encodeURIComponent(name.slice('passwords/web-01/'.length));
    const metadata = `kv/metadata/sallyport/passwords/web-01/${place}`;
    expect(Object.keys((await bao.api('GET', metadata)).body.data.versions)).toEqual(['2']);
    // By other means: its metadata stays.
    await bao.api('DELETE', metadata.replace('/metadata/', '/data/'));
    expect([await vault.get(name), await vault.has(name)]).toEqual([null, false]);
    expect(await vault.remove(name)).toBe(true);
    expect(await vault.remove(name)).toBe(false);
    expect([await vault.get(name), await vault.has(name)]).toEqual([null, false]);
    expect((await bao.api('GET', metadata)).status).toBe(404);
    expect(await vault.list('passwords/')).not.toContain(name);
    expect(await vault.list('passwords/nothing/')).toEqual([]);
  });

  it('makes a secret of the server once, also when two processes want it at the same time, and cannot replace it', async () => {
    const [one, two] = [(await open()).vault, (await open()).vault];
    let made = 0;
    const make = () => Buffer.from(`made ${++made}`);
    const answers = await Promise.all([one, two, one, two].map((vault) => getOrMake(vault, 'some-key', make)));
    expect(new Set(answers.map(String)).size).toBe(1);
    expect((await bao.api('GET', 'kv/data/sallyport/server/some-key')).body.data.metadata.version).toBe(1);
    expect(await refusalOf(one.put('some-key', Buffer.from('other')), /does not permit/)).toBe('denied');
    expect(await two.get('some-key')).toEqual(answers[0]);
  });

  const denied: [string, string, unknown?][] = [
    ['GET', 'kv/data/other'],
    ['GET', 'kv/data/sallyport'],
    ['GET', 'kv/data/sallyport/other/x'],
    ['GET', 'kv/metadata/?list=true'],
    ['GET', 'kv/metadata/sallyport?list=true'],
    ['GET', 'kv/metadata/sallyport/server?list=true'],
    ['GET', 'kv/metadata/sallyport/server/kept'],
    ['POST', 'kv/data/sallyport/server/kept', { data: { value: 'eA==' } }],
    ['DELETE', 'kv/data/sallyport/server/kept'],
    ['DELETE', 'kv/metadata/sallyport/server/kept'],
    ['POST', 'kv/destroy/sallyport/server/kept', { versions: [1] }],
    ['POST', 'kv/undelete/sallyport/passwords/web-01/a', { versions: [1] }],
    ['POST', 'kv/metadata/sallyport/passwords/web-01/a', { max_versions: 100 }],
    ['POST', 'kv/config', { max_versions: 100 }],
    ['POST', 'sallyport-ssh/sign/wide', { public_key: 'x' }],
    ['POST', 'sallyport-ssh/issue/sallyport', { valid_principals: 'deploy' }],
    ['POST', 'sallyport-ssh/roles/sallyport', { key_type: 'ca', allowed_users: '*' }],
    ['GET', 'sallyport-ssh/roles?list=true'],
    ['POST', 'sallyport-ssh/config/ca', { generate_signing_key: true }],
    ['DELETE', 'sallyport-ssh/config/ca'],
    ['POST', 'auth/approle/role/sallyport/secret-id', {}],
    ['GET', 'auth/approle/role/sallyport'],
    ['POST', 'auth/token/create', {}],
    ['GET', 'auth/token/lookup-self'],
    ['GET', 'sys/mounts'],
    ['GET', 'sys/policies/acl/sallyport'],
    ['PUT', 'sys/seal'],
    ['POST', 'cubbyhole/x', { a: 'b' }],
  ];
  it('is given a policy under which its token can do nothing else', async () => {
    await bao.api('POST', 'sallyport-ssh/roles/wide', { key_type: 'ca', allow_user_certificates: true });
    await bao.api('POST', 'kv/data/sallyport/server/kept', { data: { value: 'eA==' } });
    await bao.api('POST', 'kv/data/other', { data: { value: 'eA==' } });
    const token = await bao.logIn();
    const answers = await Promise.all(denied.map(([method, where, body]) => bao.api(method, where, body, token)));
    expect(answers.map(({ status }, at) => `${denied[at]?.slice(0, 2).join(' ')} ${status}`)).toEqual(
      denied.map(([method, where]) => `${method} ${where} 403`),
    );
  });

  const ed25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBTR8USnqh7ijXwHLnHtrUtPF599DgEHTaz2JRJXLqEb';
  const asked = {
    public_key: ed25519,
    cert_type: 'user',
    valid_principals: 'deploy',
    ttl: '4m',
    extensions: { 'permit-pty': '' },
  };
  it.each([
    ['another principal', { valid_principals: 'somebody' }],
    ['one more principal', { valid_principals: 'deploy,somebody' }],
    ['any principal', { valid_principals: '' }],
    ['port forwarding', { extensions: { 'permit-pty': '', 'permit-port-forwarding': '' } }],
    ['a forced command', { critical_options: { 'force-command': 'id' } }],
    ['a longer life', { ttl: '5m' }],
    ['a host certificate', { cert_type: 'host' }],
    [
      'another kind of key',
      { public_key: publicKeyLine(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey) },
    ],
  ])('is given a role that does not sign %s', async (_name, changes) => {
    const token = await bao.logIn();
    const sign = (body: object) => bao.api('POST', 'sallyport-ssh/sign/sallyport', body, token);
    expect((await sign(asked)).status).toBe(200);
    expect((await sign({ ...asked, ...changes })).status).toBe(400);
  });

  it('renews its token before it ends, and logs in again where the vault no longer knows it', async () => {
    let ahead = 0;
    const clock = { ...systemClock, monotonicMs: () => performance.now() + ahead };
    const { vault } = await open({}, { clock });
    const logins = requests('update', 'auth/approle/login');
    const renewals = requests('update', 'auth/token/renew-self');
    await vault.get('x');
    ahead = 14 * 60_000;
    await Promise.all(['a', 'b', 'c'].map((name) => vault.get(name)));
    expect(requests('update', 'auth/token/renew-self')).toBe(renewals + 1);
    expect(requests('update', 'auth/approle/login')).toBe(logins);
    const { body } = await bao.api('GET', 'auth/token/accessors?list=true');
    const ours = [];
    for (const accessor of body.data.keys) {
      const { data } = (await bao.api('POST', 'auth/token/lookup-accessor', { accessor })).body;
      if (data.policies.includes('sallyport')) ours.push(accessor);
    }
    for (const accessor of ours) await bao.api('POST', 'auth/token/revoke-accessor', { accessor });
    expect(await vault.get('x')).toBeNull();
    expect(requests('update', 'auth/approle/login')).toBe(logins + 1);
  });

  it('outlives tokens that really expire', async () => {
    const role = 'auth/approle/role/sallyport';
    await bao.api('POST', role, { token_ttl: '1s', token_max_ttl: '2s' });
    try {
      const { vault } = await open();
      const end = performance.now() + 3200;
      while (performance.now() < end) {
        expect(await vault.get('x')).toBeNull();
        // Idle for more than a life once, or only renewals would be seen.
        const rest = performance.now() > end - 1600 ? 1200 : 100;
        await new Promise((resolve) => setTimeout(resolve, rest));
      }
    } finally {
      await bao.api('POST', role, { token_ttl: '20m', token_max_ttl: '12h' });
    }
  });

  it('takes the AppRole from the environment or the secret mount too, and from no file that is open to others', async () => {
    const read = (file: string) => readFileSync(file, 'utf8').trim();
    const none = { roleIdFile: undefined, secretIdFile: undefined };
    const environment = {
      SALLYPORT_VAULT_ROLE_ID: read(bao.roleIdFile),
      SALLYPORT_VAULT_SECRET_ID: read(bao.secretIdFile),
    };
    expect(await (await open(none, { environment })).vault.get('x')).toBeNull();
    expect(await (await open(none, { environment: { CREDENTIALS_DIRECTORY: bao.folder } })).vault.get('x')).toBeNull();
    await refusalOf(open(none), /role id was not read: it was not given. Give --vault-role-id-file/);
    const copy = path.join(folder, 'copy');
    writeFileSync(copy, readFileSync(bao.secretIdFile));
    for (const mode of [0o640, 0o604]) {
      chmodSync(copy, mode);
      await refusalOf(
        open({ secretIdFile: copy }),
        /secret id was not read: others may read or change it .*chmod 0600/,
      );
    }
    await refusalOf(open({ roleIdFile: path.join(folder, 'none') }), /role id was not read: there is no such file/);
  });

  it('says which it is when it cannot be used: wrong role id, wrong secret id, unknown authority, nobody there, no permission', async () => {
    const wrong = path.join(folder, 'wrong');
    writeFileSync(wrong, '7d0b4f0e-0000-4000-8000-000000000000\n', { mode: 0o600 });
    expect(await refusalOf(open({ roleIdFile: wrong }), /refused this server's AppRole/)).toBe('login-refused');
    expect(await refusalOf(open({ secretIdFile: wrong }), /refused this server's AppRole/)).toBe('login-refused');
    expect(await refusalOf(open({ ca: undefined }), /does not trust, so nothing was sent/)).toBe('untrusted');
    const nobody = `https://127.0.0.1:${await freePort()}`;
    expect(await refusalOf(open({ address: nobody }), /cannot be reached/)).toBe('unreachable');
    expect(await refusalOf(open({ sshRole: 'wide' }), /does not permit/)).toBe('denied');
    const { vault } = await open({ kvMount: 'other' });
    expect(await refusalOf(vault.get('x'), /does not permit/)).toBe('denied');
    await expect(open({ ca: wrong })).rejects.toMatchObject({ code: 'SP-5001' });
  });

  it('locked (sealed): says so at the start and in the middle, and goes on once unsealed', async () => {
    const { vault } = await open();
    await vault.put('passwords/a/b', Buffer.from('kept'));
    await bao.seal();
    expect(await refusalOf(vault.get('passwords/a/b'), /is sealed .* has to unseal it/)).toBe('sealed');
    expect(await refusalOf(vault.put('passwords/a/b', Buffer.from('y')), /is sealed/)).toBe('sealed');
    expect(await refusalOf(open(), /is sealed/)).toBe('sealed');
    await bao.unseal();
    expect((await vault.get('passwords/a/b'))?.toString()).toBe('kept');
  });

  it('does not start with another authority than before, nor a folder with another kind of vault', async () => {
    await open();
    await bao.api('DELETE', 'sallyport-ssh/config/ca');
    await refusalOf(open(), /does not have a mount or a role/);
    await bao.api('POST', 'sallyport-ssh/config/ca', { generate_signing_key: true, key_type: 'ed25519' });
    await refusalOf(open(), /is not the one this server used before, so it did not start/);
    await refusalOf(open({ ...undefinedOf(bao.vault), kind: 'embedded' }), /its secrets are in OpenBao/);
    writeFileSync(path.join(folder, 'vault'), '');
    await refusalOf(open(), /its secrets are in the embedded vault/);
  });

  it('says when a mount is missing', async () => {
    const { vault } = await open();
    await bao.api('DELETE', 'sys/mounts/kv');
    expect(await refusalOf(vault.get('x'), /does not have a mount or a role/)).toBe('missing');
    expect(await refusalOf(vault.put('passwords/a/b', Buffer.from('x')), /does not have a mount/)).toBe('missing');
    await bao.api('DELETE', 'sys/mounts/sallyport-ssh');
    expect(await refusalOf(open(), /does not have a mount or a role/)).toBe('missing');
    await bao.api('DELETE', 'sys/auth/approle');
    expect(await refusalOf(open(), /does not have a mount or a role/)).toBe('missing');
  });
});

function undefinedOf(input: VaultInput): VaultInput {
  return Object.fromEntries(Object.keys(input).map((name) => [name, undefined]));
}
