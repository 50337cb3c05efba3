import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loginRefusal } from '../../src/control/broker/broker.ts';
import { passwordSecretName } from '../../src/control/secrets/secret-name.ts';
import { ageOpen, makeAgeIdentity } from '../../src/recording/codecs/age.ts';
import { publicKeyBlob, publicKeyLine, signBlob } from '../../src/recording/signatures/keys.ts';
import { signSsh } from '../../src/recording/signatures/sshsig.ts';
import { SallyportError } from '../../src/shared/errors/result.ts';
import type { ApplyDocumentInput } from '../../src/shared/protocol/control-api.ts';
import { namespaces, recipientStatement } from '../../src/shared/protocol/signed.ts';
import { defaultPromptPattern } from '../../src/shared/ssh/prompt-rule.ts';
import { type Device, type Session, startWorld, type World } from './live-world/world.ts';

const password = `Vaulted-${randomBytes(9).toString('hex')}`;
const hostKey = generateKeyPairSync('ed25519').privateKey;
let world: World;
let jonas: Device;
let identity: string;
let recipient: string;
/** How far the server's monotonic clock is ahead. */
let laterMs = 0;

function target(name: string, logins: ApplyDocumentInput['targets'][number]['logins'], route: 'relay' | 'direct') {
  return { name, host: '127.0.0.1', port: 9, route, logins, hostKeys: [publicKeyLine(hostKey)] };
}
const targets = [
  target(
    'legacy-01',
    [
      { name: 'admin', credential: 'sealed-password' as const },
      { name: 'backup', credential: 'sealed-password' as const, prompt: '^pin: $' },
      { name: 'deploy' },
    ],
    'direct',
  ),
  target('legacy-02', [{ name: 'admin', credential: 'sealed-password' as const }], 'relay'),
  target('switch-01', [{ name: 'admin', credential: 'password' as const }], 'relay'),
];

beforeAll(async () => {
  world = await startWorld({
    overrides: { clock: { now: () => new Date(), monotonicMs: () => performance.now() + laterMs } },
  });
  await world.apply(targets, ['127.0.0.1:9'], { sealedPasswords: 'allowed' });
  jonas = await world.enrol('jonas');
  for (const name of ['legacy-01', 'legacy-02', 'switch-01']) await store(name, 'admin');
  ({ identity, recipient } = await makeAgeIdentity());
});
afterAll(() => world?.close());

function store(name: string, login: string): Promise<void> {
  return world.server.context.vault.put(passwordSecretName({ target: name, login }), Buffer.from(password));
}

interface Change {
  hostKey?: KeyObject;
  signature?: Buffer;
  sessionKey?: KeyObject;
  statementOf?: string;
  recipient?: string;
}

/** What a session process asks with, after a key exchange with the target. */
function request(session: Session, change: Change = {}) {
  const sshSessionId = randomBytes(32);
  const key = change.hostKey ?? hostKey;
  const to = change.recipient ?? recipient;
  return {
    sshSessionId: sshSessionId.toString('base64'),
    hostKey: publicKeyBlob(key).toString('base64'),
    hostSignature: (change.signature ?? signBlob(key, sshSessionId)).toString('base64'),
    recipient: to,
    recipientSignature: signSsh({
      privateKey: change.sessionKey ?? session.key,
      namespace: namespaces.recipient,
      message: recipientStatement({ sessionId: change.statementOf ?? session.id, recipient: to }),
    }),
  };
}

async function ask(session: Session, change: Change = {}, device = session.device): Promise<string> {
  const body = request(session, change);
  const { sealed } = await device.client.call('sealedPassword', { params: { sessionId: session.id }, body });
  return sealed;
}

function refusal(check: Parameters<typeof loginRefusal>[0]) {
  return expect.objectContaining({ code: 'SP-2041', message: loginRefusal(check, 'password').message });
}

async function lastRefusal(session: Session): Promise<unknown> {
  const row = await world.server.context.reader
    .selectFrom('audit_events')
    .select('detail')
    .where('subject', '=', session.id)
    .where('event', '=', 'login.refused')
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return row?.detail.check;
}

describe('a grant for a login by password', () => {
  it('says how the login will be made, and holds no certificate and no password', async () => {
    const sealed = await world.open(jonas, 'legacy-01', 'admin');
    expect(sealed.grant.credential).toEqual({ kind: 'sealed-password', prompt: defaultPromptPattern });
    const handover = await world.open(jonas, 'switch-01', 'admin');
    expect(handover.grant.credential).toEqual({ kind: 'handover' });
    expect(handover.grantSigned.payload).not.toContain(password);
    const rows = await world.server.context.reader
      .selectFrom('sessions')
      .select('certificate')
      .where('id', 'in', [sealed.id, handover.id])
      .execute();
    expect(rows).toEqual([{ certificate: null }, { certificate: null }]);
    expect(await world.target(jonas, 'legacy-01')).toMatchObject({
      logins: [{ name: 'admin', credential: 'sealed-password' }, { name: 'backup' }, { credential: 'certificate' }],
    });
  });

  it('is refused where no password is stored, with the words for an engineer', async () => {
    await expect(world.open(jonas, 'legacy-01', 'backup')).rejects.toMatchObject({
      code: 'SP-2043',
      message: expect.stringContaining('sallyport secrets set legacy-01 backup'),
    });
    await store('legacy-01', 'backup');
    const { grant } = await world.open(jonas, 'legacy-01', 'backup');
    expect(grant.credential).toEqual({ kind: 'sealed-password', prompt: '^pin: $' });
  });

  it('is refused while the vault does not answer', async () => {
    const { vault } = world.server.context;
    const has = vault.has;
    vault.has = async () => {
      throw new SallyportError('SP-5006', 'The vault is locked.');
    };
    try {
      await expect(world.open(jonas, 'legacy-01', 'admin')).rejects.toMatchObject({ code: 'SP-5006' });
    } finally {
      vault.has = has;
    }
  });

  it('takes no password out of the vault', async () => {
    const { vault } = world.server.context;
    const get = vi.spyOn(vault, 'get');
    await world.open(jonas, 'legacy-01', 'admin');
    await world.open(jonas, 'switch-01', 'admin');
    expect(get).not.toHaveBeenCalled();
    get.mockRestore();
  });
});

describe('sealing a password to a session process', () => {
  it('gives it once, to the one recipient, and the audit says that it reaches the endpoint', async () => {
    const session = await world.open(jonas, 'legacy-01', 'admin');
    const sealed = Buffer.from(await ask(session), 'base64');
    expect(sealed.includes(password)).toBe(false);
    expect(Buffer.from(await ageOpen(sealed, identity)).toString()).toBe(password);
    await expect(ageOpen(sealed, (await makeAgeIdentity()).identity)).rejects.toThrow();
    expect(await world.auditOf(session.id)).toContain('login.password-sealed');
    await expect(ask(session)).rejects.toEqual(refusal('once'));
  });

  it('audits what became of a login that the vault did not answer, or had no password for: it is spent', async () => {
    const { vault } = world.server.context;
    const get = vi.spyOn(vault, 'get');
    for (const [code, check] of [
      ['SP-5006', 'vault'],
      ['SP-2043', 'secret-missing'],
    ] as const) {
      const session = await world.open(jonas, 'legacy-01', 'admin');
      if (code === 'SP-5006') get.mockRejectedValueOnce(new SallyportError(code, 'The vault is locked.'));
      else get.mockResolvedValueOnce(null);
      await expect(ask(session)).rejects.toMatchObject({ code });
      expect(await lastRefusal(session)).toBe(check);
    }
    get.mockRestore();
  });

  it('gives it to one of 50 that ask at once', async () => {
    const session = await world.open(jonas, 'legacy-01', 'admin');
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => ask(session)));
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
  });

  it.each<[string, Parameters<typeof refusal>[0], () => Change]>([
    ['another host key', 'host-key', () => ({ hostKey: generateKeyPairSync('ed25519').privateKey })],
    [
      'a signature over another connection',
      'host-signature',
      () => ({ signature: signBlob(hostKey, randomBytes(32)) }),
    ],
    [
      'a recipient that the session key did not certify',
      'recipient',
      () => ({ sessionKey: generateKeyPairSync('ed25519').privateKey }),
    ],
    ['a recipient certified for another session', 'recipient', () => ({ statementOf: 'another' })],
    ['a recipient that is none', 'recipient', () => ({ recipient: 'age1nothing' })],
  ])('refuses %s, audits the check, and does not spend the one login', async (_what, check, change) => {
    const session = await world.open(jonas, 'legacy-01', 'admin');
    await expect(ask(session, change())).rejects.toEqual(refusal(check));
    expect(await lastRefusal(session)).toBe(check);
    await ask(session);
  });

  it('refuses another device, and says no more of the session than of one that is not there', async () => {
    const session = await world.open(jonas, 'legacy-01', 'admin');
    const eeva = await world.enrol('eeva');
    await expect(ask(session, {}, eeva)).rejects.toEqual(refusal('session'));
    expect(await lastRefusal(session)).toBe('device');
    await expect(ask({ ...session, id: 'no-such-session' })).rejects.toEqual(refusal('session'));
  });

  it('refuses a session whose grant says another way, and signs nothing for one that says this', async () => {
    for (const [name, login] of [
      ['legacy-01', 'deploy'],
      ['switch-01', 'admin'],
    ] as const)
      await expect(ask(await world.open(jonas, name, login))).rejects.toEqual(refusal('credential'));
    const session = await world.open(jonas, 'legacy-01', 'admin');
    const { sshSessionId, hostKey: key, hostSignature } = request(session);
    await expect(
      jonas.client.call('loginSignature', {
        params: { sessionId: session.id },
        body: { sshSessionId, hostKey: key, hostSignature, toSign: sshSessionId },
      }),
    ).rejects.toMatchObject({ code: 'SP-2041', message: loginRefusal('credential').message });
  });

  it("refuses a login that this session's relay does not carry", async () => {
    const session = await world.open(jonas, 'legacy-02', 'admin');
    await expect(ask(session)).rejects.toEqual(refusal('relay'));
  });

  it('refuses after a kill, without a lease, and where the organisation has taken its permission back', async () => {
    const late = await world.open(jonas, 'legacy-01', 'admin');
    const killed = await world.open(jonas, 'legacy-01', 'admin');
    await world.as('mira', 'killSession', { params: { sessionId: killed.id }, body: { reason: 'test' } });
    await expect(ask(killed)).rejects.toEqual(refusal('session'));
    const { locks } = await world.as('mira', 'listLocks');
    for (const lock of locks) await world.as('mira', 'liftLock', { params: { lockId: lock.id } });
    await expect(ask(late)).rejects.toEqual(refusal('session'));

    const lapsed = await world.open(jonas, 'legacy-01', 'admin');
    laterMs = 60_000;
    await expect(ask(lapsed)).rejects.toEqual(refusal('session'));
    laterMs = 0;

    const session = await world.open(jonas, 'legacy-01', 'admin');
    const certificatesOnly = targets.map((each) => ({ ...each, logins: [{ name: 'admin' }] }));
    await world.apply(certificatesOnly, ['127.0.0.1:9']);
    await expect(ask(session)).rejects.toEqual(refusal('policy'));
    await world.apply(targets, ['127.0.0.1:9'], { sealedPasswords: 'allowed' });
    await ask(session);
  });

  it('leaves nothing of the password in what the server wrote', async () => {
    const rows = await world.server.context.reader.selectFrom('audit_events').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(password);
    for (const name of readdirSync(world.folder, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(world.folder, name);
      if (statSync(file).isFile()) expect([name, readFileSync(file).includes(password)]).toEqual([name, false]);
    }
  });
});
