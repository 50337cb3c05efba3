import type { TokenSource } from './app-role.ts';
import type { VaultAnswer, VaultHttps, VaultRequest } from './https.ts';
import { VaultError } from './problem.ts';

/** Requests with this server's token. */
export interface OpenBao {
  /**
   * Answers 2xx, and 404 where there is nothing at that path. A token that is refused (revoked, or lost with the vault's storage) is replaced once. Throws
   * `VaultError` for anything else.
   */
  call(request: Omit<VaultRequest, 'token'>): Promise<VaultAnswer>;
}

/** A 404 with words is about a mount, one without about an entry. */
function saysMore(body: unknown): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    'errors' in body &&
    Array.isArray(body.errors) &&
    body.errors.length > 0
  );
}

export function makeOpenBao({ https, tokens }: { https: VaultHttps; tokens: TokenSource }): OpenBao {
  async function attempt(request: Omit<VaultRequest, 'token'>): Promise<VaultAnswer> {
    const token = await tokens.get();
    const answer = await https.send({ ...request, token });
    if (answer.status === 403) tokens.drop(token);
    return answer;
  }

  return {
    async call(request) {
      let answer = await attempt(request);
      if (answer.status === 403) answer = await attempt(request);
      const { status } = answer;
      const { path } = request;
      if (status >= 200 && status < 300) return answer;
      if (status === 404 && !saysMore(answer.body)) return answer;
      if (status === 404) throw new VaultError('missing', { path, status });
      if (status === 403) throw new VaultError('denied', { path, status });
      throw new VaultError('refused', { path, status });
    },
  };
}
