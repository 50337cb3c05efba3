import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawn } from 'node-pty';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { passwordSecretName } from '../../src/control/secrets/secret-name.ts';
import type { ApplyDocumentInput } from '../../src/shared/protocol/control-api.ts';
import { makeDocument, makeTarget, startWorld, type World } from './control-world/world.ts';

const canary = `canary-${randomBytes(9).toString('hex')}`;
let world: World;
let folder: string;
let document: ApplyDocumentInput;
beforeAll(async () => {
  world = await startWorld();
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-secrets-'));
  const base = await makeDocument();
  document = {
    ...base,
    targets: [
      makeTarget('web-01'),
      makeTarget('switch-01', {
        logins: [
          { name: 'admin', credential: 'password' },
          { name: 'DOM\\anna', credential: 'password' },
          { name: 'deploy' },
        ],
      }),
    ],
  };
  await world.apply(document);
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

/** Runs a command with a file as its file descriptor for the password. */
async function setFrom(content: string | Uint8Array, ...place: string[]) {
  const file = path.join(folder, 'password');
  writeFileSync(file, content, { mode: 0o600 });
  const fd = openSync(file, 'r');
  try {
    return await world.cli('--as', 'sanna', '--json', 'secrets', 'set', ...place, '--fd', String(fd));
  } finally {
    closeSync(fd);
    rmSync(file);
  }
}

async function stored(target: string, login: string): Promise<string | null> {
  const bytes = await world.server.context.vault.get(passwordSecretName({ target, login }));
  return bytes?.toString('utf8') ?? null;
}

describe('sallyport secrets', () => {
  test('sets a password from a file descriptor, lists that it is there, removes it; each is audited by names only', async () => {
    expect(await setFrom(`${canary}\n`, 'switch-01', 'admin')).toMatchObject({
      code: 0,
      json: { set: { login: 'admin' } },
    });
    expect(await stored('switch-01', 'admin')).toBe(canary);
    expect(await setFrom(' zwei  Wörter \r\n', 'switch-01', 'DOM\\anna')).toMatchObject({ code: 0 });
    expect(await stored('switch-01', 'DOM\\anna')).toBe(' zwei  Wörter ');

    const list = await world.cli('--as', 'sanna', 'secrets', 'list');
    expect(list.out).toMatch(/TARGET +LOGIN +SET \(UTC\) +BY +IN USE/);
    expect(list.out).toMatch(/switch-01 +admin +20\d\d-\S+ \S+ +sanna +yes/);
    expect(list.out).not.toContain(canary);
    expect((await world.cli('--as', 'sanna', '--json', 'secrets', 'list')).json).toEqual({
      secrets: [
        expect.objectContaining({ target: 'switch-01', login: 'DOM\\anna' }),
        { target: 'switch-01', login: 'admin', setAt: expect.any(String), setBy: 'sanna', used: true },
      ],
    });

    expect(await world.cli('--as', 'sanna', 'secrets', 'remove', 'switch-01', 'DOM\\anna')).toMatchObject({ code: 0 });
    expect(await stored('switch-01', 'DOM\\anna')).toBeNull();
    expect(await world.cli('--as', 'sanna', 'secrets', 'remove', 'switch-01', 'DOM\\anna')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/No password is stored[\s\S]*SP-2043/),
    });
    const events = world.auditLines().filter(({ event }) => event === 'secret.set' || event === 'secret.removed');
    expect(events).toMatchObject([
      { event: 'secret.set', actor: 'sanna', subject: 'switch-01', detail: { login: 'admin', vault: 'embedded' } },
      { event: 'secret.set', subject: 'switch-01', detail: { login: 'DOM\\anna' } },
      { event: 'secret.removed', subject: 'switch-01', detail: { login: 'DOM\\anna' } },
    ]);
  });

  test('refuses what is no password, in words that do not quote it, and changes nothing', async () => {
    const before = await stored('switch-01', 'admin');
    for (const [content, words] of [
      ['', /is empty/],
      ['\n', /is empty/],
      [`${canary}\nsecond line`, /line break or a NUL/],
      [`${canary}\0`, /line break or a NUL/],
      [Buffer.concat([Buffer.from(canary), Buffer.from([0xff, 0xfe])]), /not UTF-8/],
      [canary.repeat(60), /longer than 1024 bytes/],
      [canary.repeat(400), /too long/],
    ] as const) {
      const { code, err } = await setFrom(content, 'switch-01', 'admin');
      expect([code > 0, err]).toEqual([true, expect.stringMatching(words)]);
      expect(err).not.toContain(canary);
    }
    expect(await stored('switch-01', 'admin')).toBe(before);
  });

  test('refuses a login that is not by password, a target that is not there, and a descriptor that is not open', async () => {
    expect((await setFrom('x', 'switch-01', 'deploy')).err).toMatch(/no login of this name by password[\s\S]*admin/);
    expect((await setFrom('x', 'web-01', 'deploy')).err).toMatch(/has no login by password/);
    expect((await setFrom('x', 'nothing', 'admin')).err).toContain('SP-2001');
    expect(await world.cli('--as', 'sanna', 'secrets', 'set', 'switch-01', 'admin', '--fd', '999')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/cannot be read \(EBADF\)/),
    });
    expect(await world.cli('--as', 'sanna', 'secrets', 'set', 'switch-01', 'admin', canary)).toMatchObject({ code: 2 });
  });

  test('is for engineers, on the local socket', async () => {
    expect(await world.cli('--as', 'jonas', 'secrets', 'list')).toMatchObject({
      code: 1,
      err: expect.stringContaining('SP-5003'),
    });
    const key = await world.enrol('sanna');
    expect(await world.ask('/v1/secrets', { key })).toMatchObject({ status: 403, json: { code: 'SP-5003' } });
    expect(await world.ask('/v1/secrets/switch-01/admin', { key, method: 'PUT', rawBody: 'x' })).toMatchObject({
      status: 403,
    });
  });

  test('says what is not used any more, and what came into the vault by other means', async () => {
    await world.server.context.vault.put(passwordSecretName({ target: 'old-1', login: 'root' }), Buffer.from('x'));
    const { json } = await world.cli('--as', 'sanna', '--json', 'secrets', 'list');
    expect(json).toMatchObject({
      secrets: [{ target: 'old-1', login: 'root', setAt: null, setBy: null, used: false }, { target: 'switch-01' }],
    });
    expect(await world.cli('--as', 'sanna', 'secrets', 'remove', 'old-1', 'root')).toMatchObject({ code: 0 });
  });

  test('on a terminal asks twice, without echo, and takes nothing when the two differ', async () => {
    const typed = `Typed-${randomBytes(6).toString('hex')}`;
    async function typing(...answers: string[]): Promise<{ code: number; shown: string }> {
      const command = ['src/cli/cli-main.ts', '--socket', world.server.socket, '--as', 'sanna'];
      const pty = spawn(process.execPath, [...command, 'secrets', 'set', 'switch-01', 'admin'], {
        cols: 200,
        env: { PATH: process.env.PATH ?? '', NODE_NO_WARNINGS: '1' },
      });
      let shown = '';
      return new Promise((resolve) => {
        pty.onData((text) => {
          shown += text;
          const questions = shown.match(/Password: |again: /g)?.length ?? 0;
          for (; asked < questions; asked += 1) pty.write(answers[asked] ?? '\u0003');
        });
        let asked = 0;
        pty.onExit(({ exitCode }) => resolve({ code: exitCode, shown }));
      });
    }
    const good = await typing(`wrong\u0015x${'\u007f'}${typed}ö\u007f\r`, `${typed}\r`);
    expect(good).toMatchObject({ code: 0, shown: expect.stringContaining('is stored') });
    expect(good.shown).not.toContain(typed);
    expect(await stored('switch-01', 'admin')).toBe(typed);
    // Both answers at once, as a paste would bring them.
    const ahead = await typing(`${typed}\r${typed}\r`, '');
    expect(ahead).toMatchObject({ code: 0 });
    expect(ahead.shown).not.toContain(typed);
    expect(await typing('one\r', 'two\r')).toMatchObject({ code: 2, shown: expect.stringContaining('differ') });
    expect(await typing('\r')).toMatchObject({ code: 2, shown: expect.stringContaining('empty') });
    expect(await typing('half\u0003')).toMatchObject({ code: 2, shown: expect.stringContaining('Interrupted') });
    expect(await stored('switch-01', 'admin')).toBe(typed);
  });

  test('a vault that cannot be written says so, the audit says it did not happen, and the old password stays', async () => {
    const before = await stored('switch-01', 'admin');
    const put = world.server.context.vault.put;
    const { SallyportError } = await import('../../src/shared/errors/result.ts');
    world.server.context.vault.put = async () => {
      throw new SallyportError('SP-5006', 'The vault could not be written.');
    };
    try {
      expect((await setFrom('another', 'switch-01', 'admin')).err).toContain('SP-5006');
    } finally {
      world.server.context.vault.put = put;
    }
    expect(await stored('switch-01', 'admin')).toBe(before);
    expect(world.auditLines().slice(-2)).toMatchObject([
      { event: 'secret.set' },
      { event: 'secret.failed', detail: { change: 'secret.set', vaultTook: false } },
    ]);
  });

  test('the audit says so too when the vault took it and the database did not', async () => {
    const { writer } = world.server.context;
    const insertInto = writer.insertInto.bind(writer);
    const spy = vi.spyOn(writer, 'insertInto').mockImplementation(((table: 'secrets') => {
      if (table === 'secrets') throw new Error('the disk is full');
      return insertInto(table);
    }) as never);
    try {
      expect((await setFrom('taken by the vault', 'switch-01', 'admin')).code).toBe(1);
    } finally {
      spy.mockRestore();
    }
    expect(await stored('switch-01', 'admin')).toBe('taken by the vault');
    expect(world.auditLines().slice(-2)).toMatchObject([
      { event: 'secret.set' },
      { event: 'secret.failed', subject: 'switch-01', detail: { change: 'secret.set', vaultTook: true } },
    ]);
  });

  test('nothing that the server wrote holds the password', async () => {
    const dump = await world.server.context.reader.selectFrom('audit_events').selectAll().execute();
    expect(JSON.stringify(dump)).not.toContain(canary);
    for (const name of readdirSync(world.folder, { recursive: true, encoding: 'utf8' })) {
      const file = path.join(world.folder, name);
      if (statSync(file).isFile()) expect([name, readFileSync(file).includes(canary)]).toEqual([name, false]);
    }
  });
});

describe('an apply document with logins by password', () => {
  const refused = async (
    change: (target: ApplyDocumentInput['targets'][number]) => void,
    sealedPasswords?: 'allowed',
  ) => {
    const target = makeTarget('switch-02', { logins: [{ name: 'admin', credential: 'password' }] });
    change(target);
    const organisation = { ...document.organisation, ...(sealedPasswords === undefined ? {} : { sealedPasswords }) };
    return world.apply({ ...document, organisation, targets: [target] });
  };

  test.each<[string, (target: ApplyDocumentInput['targets'][number]) => void, RegExp]>([
    ['by handover on a direct route', (target) => Object.assign(target, { route: 'direct' }), /through the relay only/],
    [
      'sealed where the organisation does not allow it',
      (target) => Object.assign(target, { logins: [{ name: 'admin', credential: 'sealed-password' }] }),
      /sealedPasswords: allowed/,
    ],
    [
      'with a prompt that is no expression',
      (target) => Object.assign(target, { logins: [{ name: 'admin', credential: 'password', prompt: '(' }] }),
      /is not a regular expression/,
    ],
    [
      'with a prompt that can take for ever',
      (target) => Object.assign(target, { logins: [{ name: 'admin', credential: 'password', prompt: '^(a+)+: $' }] }),
      /repeats a group/,
    ],
    [
      'with a prompt on a certificate login',
      (target) => Object.assign(target, { logins: [{ name: 'admin', prompt: 'x' }] }),
      /this one is by certificate/,
    ],
    [
      'with a name that no vault takes',
      (target) => Object.assign(target, { logins: [{ name: '漢'.repeat(64), credential: 'password' }] }),
      /too long for the vault/,
    ],
  ])('%s is refused, and nothing changes', async (_what, change, words) => {
    const answer = await refused(change);
    expect(answer).toMatchObject({ status: 422, json: { code: 'SP-5007', detail: expect.stringMatching(words) } });
  });

  test('is applied, tells what changed, and tells people the kind of each login', async () => {
    const sealed = await refused(
      (target) =>
        Object.assign(target, { logins: [{ name: 'admin', credential: 'sealed-password', prompt: '^pin: $' }] }),
      'allowed',
    );
    expect(sealed).toMatchObject({ status: 200, json: { organisation: { changed: true }, targets: { added: 1 } } });
    const again = await refused(
      (target) =>
        Object.assign(target, { logins: [{ name: 'admin', credential: 'sealed-password', prompt: '^code: $' }] }),
      'allowed',
    );
    expect(again.json).toMatchObject({ organisation: { changed: false }, targets: { changed: 1, added: 0 } });
    const key = await world.enrol('jonas');
    expect((await world.ask('/v1/targets', { key })).json).toMatchObject({
      targets: [{ name: 'switch-02', logins: [{ name: 'admin', isDefault: true, credential: 'sealed-password' }] }],
    });
    await world.apply(document);
  });
});
