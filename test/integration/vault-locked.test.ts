import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.ts';
import { openEmbeddedVault } from '../../src/control/broker/vault/embedded-vault.ts';
import { type FakeVault, startFakeVault } from '../harness/fake-vault.ts';
import { freePort } from '../harness/session/sshd.ts';

// Each `serve` listens for the signals that stop it; here many share one process.
process.setMaxListeners(50);

let folder: string;
const file = (name: string) => path.join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sallyport-locked-'));
});
afterEach(() => {
  delete process.env.SALLYPORT_VAULT_KEY_FILE;
  rmSync(folder, { recursive: true, force: true });
});

/** `sallyport serve` as it is typed: what a person reads, and that nothing else is on the screen. */
async function serve(...options: string[]): Promise<{ code: number; words: string }> {
  let words = '';
  const code = await run(['serve', '--data', folder, '--listen', '127.0.0.1:0', ...options], {
    variables: {},
    out: (text) => {
      words += text;
    },
    err: (text) => {
      words += text;
    },
  });
  expect(words).not.toMatch(/\n\s+at |undefined|\[object/);
  return { code, words };
}

describe('the embedded vault, locked', () => {
  beforeEach(async () => {
    await (await openEmbeddedVault({ dataFolder: folder })).put('canary', Buffer.from('canary-secret'));
  });

  it.each<[string, () => void, RegExp]>([
    ['without its master key', () => rmSync(file('vault.key')), /master key was not read: the file is gone.*backup/],
    ['with another master key', () => writeFileSync(file('vault.key'), Buffer.alloc(32)), /does not open with this/],
    ['with half a key', () => writeFileSync(file('vault.key'), 'short'), /holds 5 bytes instead of 32.*backup/],
    ['with its key open to others', () => chmodSync(file('vault.key'), 0o644), /others may read.*chmod 0600/],
    ['open to others itself', () => chmodSync(file('vault'), 0o644), /vault file is open to others.*chmod 0600/],
    ['damaged', () => writeFileSync(file('vault'), readFileSync(file('vault')).subarray(0, -1)), /or it is damaged/],
    [
      'where SALLYPORT_VAULT_KEY_FILE names nothing',
      () => {
        process.env.SALLYPORT_VAULT_KEY_FILE = file('nothing');
      },
      /names a file that is not there.*unset the variable/,
    ],
  ])('%s: serve says why and what to do, makes no new key and changes nothing', async (_name, lock, words) => {
    const [vault, key] = [readFileSync(file('vault')), readFileSync(file('vault.key'))];
    renameSync(file('vault.key'), file('kept'));
    writeFileSync(file('vault.key'), key, { mode: 0o600 });
    lock();
    const answer = await serve();
    expect(answer.code).toBe(1);
    expect(answer.words).toMatch(words);
    expect(answer.words).toContain('SP-5006');
    writeFileSync(file('vault'), vault);
    chmodSync(file('vault'), 0o600);
    rmSync(file('vault.key'), { force: true });
    renameSync(file('kept'), file('vault.key'));
    delete process.env.SALLYPORT_VAULT_KEY_FILE;
    const again = await openEmbeddedVault({ dataFolder: folder });
    expect((await again.get('canary'))?.toString()).toBe('canary-secret');
  });
});

describe('OpenBao, locked', () => {
  let fake: FakeVault;
  beforeAll(async () => {
    fake = await startFakeVault();
  });
  afterEach(() => fake.honest());
  afterAll(() => fake?.close());
  const options = (changes: Record<string, string> = {}): string[] =>
    Object.entries({
      '--vault': 'openbao',
      '--vault-address': fake.address,
      '--vault-ca': fake.caFile,
      '--vault-role-id-file': fake.vault.roleIdFile ?? '',
      '--vault-secret-id-file': fake.vault.secretIdFile ?? '',
      ...changes,
    }).flat();

  it('sealed: serve does not start, and says who has to do what', async () => {
    fake.answer((request, response) => {
      const isStatus = request.url === '/v1/sys/seal-status';
      response.writeHead(isStatus ? 200 : 503).end(isStatus ? '{"sealed":true}' : '{"errors":["Vault is sealed"]}');
    });
    const answer = await serve(...options());
    expect(answer).toMatchObject({ code: 1, words: expect.stringMatching(/is sealed .*has to unseal it/) });
    expect(answer.words).toContain('SP-5006');
    expect(answer.words).toContain(fake.address);
    expect(answer.words).not.toContain('canary');
  });

  it('not reachable, or by another authority: serve does not start, and says which', async () => {
    const nobody = `https://127.0.0.1:${await freePort()}`;
    expect((await serve(...options({ '--vault-address': nobody }))).words).toMatch(/cannot be reached.*SP-5006/s);
    const other = await startFakeVault();
    const answer = await serve(...options({ '--vault-ca': other.caFile }));
    await other.close();
    expect(answer.words).toMatch(/does not trust, so nothing was sent to it.*SP-5006/s);
  });

  it.each<[string, string[], RegExp]>([
    ['without an address', ['--vault', 'openbao'], /Give --vault-address/],
    ['over http', ['--vault', 'openbao', '--vault-address', 'http://v:8200'], /begin with https/],
    [
      'with a user in it',
      ['--vault', 'openbao', '--vault-address', 'https://u:canary@v'],
      /HOST:PORT and nothing more/,
    ],
    ['of another kind', ['--vault', 'keepass'], /not a kind of vault/],
    ['that is embedded', ['--vault-ca', 'x'], /Give --vault openbao with them/],
    [
      'with a mount that climbs',
      ['--vault', 'openbao', '--vault-address', 'https://v', '--vault-kv-mount', '../x'],
      /not a name/,
    ],
  ])('named wrongly (%s): refused before anything is sent', async (_name, wrong, words) => {
    const answer = await serve(...wrong);
    expect(answer.words).toMatch(words);
    expect(answer.words).toContain('SP-5001');
    expect(answer.words).not.toContain('canary');
    expect(answer.code).toBeGreaterThan(0);
  });
});
