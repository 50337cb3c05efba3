import { beforeEach, describe, expect, it } from 'vitest';
import { makeTokenSource, type TokenSource } from './app-role.ts';
import type { VaultAnswer } from './https.ts';
import { VaultError } from './problem.ts';

let now = 0;
let logins = 0;
let renewal: () => VaultAnswer;
let source: TokenSource;

const token = (value: string, seconds: number, renewable = true): VaultAnswer => ({
  status: 200,
  body: { auth: { client_token: value, lease_duration: seconds, renewable } },
});

function start(login: () => VaultAnswer): void {
  source = makeTokenSource({
    https: {
      async send({ path }) {
        if (path === 'auth/token/renew-self') return renewal();
        logins += 1;
        return login();
      },
      close: async () => undefined,
    },
    mount: 'approle',
    source: {
      roleIdFile: null,
      secretIdFile: null,
      environment: { SALLYPORT_VAULT_ROLE_ID: 'r', SALLYPORT_VAULT_SECRET_ID: 's' },
    },
    monotonicMs: () => now,
  });
}

beforeEach(() => {
  now = 0;
  logins = 0;
  renewal = () => token('renewed', 90);
  start(() => token(`login ${logins}`, 90));
});

describe('a token', () => {
  it('is kept for two thirds of its life, then renewed', async () => {
    expect(await source.get()).toBe('login 1');
    now = 59_000;
    expect(await source.get()).toBe('login 1');
    now = 60_000;
    expect(await source.get()).toBe('renewed');
    now = 119_000;
    expect(await source.get()).toBe('renewed');
  });

  it.each<[string, () => VaultAnswer]>([
    ['is no longer known', () => ({ status: 403, body: null })],
    ['is near its last moment', () => token('renewed', 44)],
    [
      'ends at this very moment, which the vault answers with 500',
      () => {
        throw new VaultError('unexpected');
      },
    ],
  ])('that %s when it is to be renewed is replaced by a login', async (_name, answer) => {
    await source.get();
    now = 60_000;
    renewal = answer;
    expect(await source.get()).toBe('login 2');
  });

  it('that has ended, or cannot be renewed, is replaced without asking', async () => {
    await source.get();
    now = 90_000;
    expect(await source.get()).toBe('login 2');
    start(() => token(`login ${logins}`, 90, false));
    await source.get();
    now += 60_000;
    expect(await source.get()).toBe('login 4');
  });

  it('without an end is kept for an hour', async () => {
    start(() => token(`login ${logins}`, 0, false));
    await source.get();
    now = 2_300_000;
    expect(await source.get()).toBe('login 1');
    now = 2_500_000;
    expect(await source.get()).toBe('login 2');
  });

  it('is not asked for again where the vault is sealed: that is said', async () => {
    await source.get();
    now = 60_000;
    renewal = () => {
      throw new VaultError('sealed');
    };
    await expect(source.get()).rejects.toMatchObject({ code: 'SP-5006', problem: 'sealed' });
    expect(logins).toBe(1);
    renewal = () => token('renewed', 90);
    expect(await source.get()).toBe('renewed');
  });

  it.each<[number, string]>([
    [400, 'login-refused'],
    [403, 'missing'],
    [404, 'missing'],
    [204, 'login-refused'],
  ])('is refused with a problem that fits status %i', async (status, problem) => {
    start(() => ({ status, body: null }));
    await expect(source.get()).rejects.toMatchObject({ problem });
  });
});
