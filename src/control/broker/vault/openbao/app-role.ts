import path from 'node:path';
import { z } from 'zod';
import { readClosedFile, refuseFile } from '../closed-file.ts';
import type { VaultAnswer, VaultHttps } from './https.ts';
import { VaultError } from './problem.ts';

/** Where the two halves of an AppRole come from; read again at each login, so a new secret id needs no restart. */
export interface AppRoleSource {
  roleIdFile: string | null;
  secretIdFile: string | null;
  environment: Readonly<Record<string, string | undefined>>;
}

const places = {
  role: { what: "OpenBao's role id", variable: 'SALLYPORT_VAULT_ROLE_ID', credential: 'vault-role-id' },
  secret: { what: "OpenBao's secret id", variable: 'SALLYPORT_VAULT_SECRET_ID', credential: 'vault-secret-id' },
} as const;

async function readHalf(half: keyof typeof places, source: AppRoleSource): Promise<string> {
  const { what, variable, credential } = places[half];
  const named = half === 'role' ? source.roleIdFile : source.secretIdFile;
  const option = half === 'role' ? '--vault-role-id-file' : '--vault-secret-id-file';
  const folder = source.environment.CREDENTIALS_DIRECTORY;
  const files = [named, folder === undefined ? null : path.join(folder, credential)];
  for (const file of files) {
    if (file === null) continue;
    const bytes = await readClosedFile(what, file);
    if (bytes === null && file !== named) continue;
    const text = bytes?.toString('utf8').trim() ?? '';
    bytes?.fill(0);
    if (text !== '') return text;
    const why = bytes === null ? 'there is no such file' : 'the file is empty';
    throw refuseFile(what, file, why, `Write it there, closed to others (0600).`);
  }
  const text = source.environment[variable]?.trim() ?? '';
  if (text !== '') return text;
  throw refuseFile(what, variable, 'it was not given', `Give ${option} a file, or set ${variable}.`);
}

export interface TokenSource {
  /** A token that lives a while yet: the one held, renewed, or of a new login. Throws SP-5006. */
  get(): Promise<string>;
  /** The vault did not take it: the next `get` logs in again. */
  drop(token: string): void;
  /** Revokes the token held, if that is quickly done. */
  close(): Promise<void>;
}

const authSchema = z.object({
  auth: z.object({
    client_token: z.string().min(1).max(10_000),
    /** Seconds; 0 for a token without end. */
    lease_duration: z.number().nonnegative(),
    renewable: z.boolean(),
  }),
});

interface Token {
  value: string;
  renewable: boolean;
  lifeMs: number;
  /** On the clock of `monotonicMs`. */
  endsAt: number;
}

const hour = 3_600_000;

/** Tokens by AppRole. `mount` is where that auth method is enabled; `monotonicMs` a clock that never jumps. */
export function makeTokenSource(options: {
  https: VaultHttps;
  mount: string;
  source: AppRoleSource;
  monotonicMs(): number;
}): TokenSource {
  const { https, mount, source, monotonicMs } = options;
  let held: Token | null = null;
  let coming: Promise<Token> | null = null;

  function accept(answer: VaultAnswer, began: number): Token {
    const parsed = authSchema.safeParse(answer.body);
    if (!parsed.success) throw new VaultError('unexpected', { path: `auth/${mount}`, status: answer.status });
    const { client_token: value, lease_duration: seconds, renewable } = parsed.data.auth;
    const lifeMs = seconds === 0 ? hour : seconds * 1000;
    return { value, renewable, lifeMs, endsAt: began + lifeMs };
  }

  async function logIn(): Promise<Token> {
    const body = { role_id: await readHalf('role', source), secret_id: await readHalf('secret', source) };
    const began = monotonicMs();
    const place = `auth/${mount}/login`;
    const answer = await https.send({ method: 'POST', path: place, body });
    if (answer.status === 200) return accept(answer, began);
    // 403 is what a stranger hears of a mount that is not there.
    if (answer.status === 403 || answer.status === 404) throw new VaultError('missing', { path: `auth/${mount}` });
    throw new VaultError('login-refused', { path: place, status: answer.status });
  }

  /** Null where the vault will not; the token may have reached its last hour (`token_max_ttl`). */
  async function renew(token: Token): Promise<Token | null> {
    const began = monotonicMs();
    const asked = { method: 'POST', path: 'auth/token/renew-self', token: token.value, body: {} } as const;
    const answer = await https.send(asked).catch((error: unknown) => {
      // A token that ends at this very moment is answered with 500.
      if (error instanceof VaultError && error.problem === 'unexpected') return null;
      throw error;
    });
    if (answer?.status !== 200) return null;
    const renewed = accept(answer, began);
    return renewed.lifeMs < token.lifeMs / 2 ? null : renewed;
  }

  async function refresh(): Promise<Token> {
    const before = held;
    const mayRenew = before?.renewable === true && before.endsAt > monotonicMs();
    const token = (mayRenew ? await renew(before) : null) ?? (await logIn());
    held = token;
    return token;
  }

  return {
    async get() {
      if (held !== null && held.endsAt - monotonicMs() > held.lifeMs / 3) return held.value;
      // One for all who wait.
      coming ??= refresh().finally(() => {
        coming = null;
      });
      return (await coming).value;
    },
    drop(token) {
      if (held?.value === token) held = null;
    },
    async close() {
      const token = held?.value;
      held = null;
      if (token === undefined) return;
      await https.send({ method: 'POST', path: 'auth/token/revoke-self', token }).catch(() => undefined);
    },
  };
}
