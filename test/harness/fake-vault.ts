import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { VaultInput } from '../../src/control/config/vault.ts';
import { makeTlsPair } from './openbao.ts';

/** What `ssh-keygen -s` is told, from what was asked; a lie changes it. */
export interface Signing {
  publicKey: string;
  keyId: string;
  principals: string;
  validity: string;
  options: string[];
  authority: string;
}

export interface FakeVault {
  address: string;
  caFile: string;
  vault: VaultInput & { kind: 'openbao' };
  /** How certificates are signed from now on; undone by `honest`. */
  lie(change: (signing: Signing) => Signing): void;
  /** Answers every request with this instead, or not at all. */
  answer(handler: ((request: IncomingMessage, response: ServerResponse) => void) | null): void;
  honest(): void;
  /** Another authority's private key, and another person's public key (paths). */
  otherAuthority: string;
  otherKey: string;
  close(): Promise<void>;
}

/** Something that speaks OpenBao's API as far as the control server uses it, over TLS, and lies on demand. */
export async function startFakeVault(): Promise<FakeVault> {
  const folder = mkdtempSync(path.join(tmpdir(), 'fake-vault-'));
  const pair = await makeTlsPair();
  const file = (name: string) => path.join(folder, name);
  writeFileSync(file('tls.crt'), pair.certificate);
  for (const name of ['authority', 'other-authority', 'other-key'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file(name)]);
  for (const name of ['role-id', 'secret-id']) writeFileSync(file(name), `${name}-canary`, { mode: 0o600 });
  const entries = new Map<string, string>();
  let change = (signing: Signing): Signing => signing;
  let instead: ((request: IncomingMessage, response: ServerResponse) => void) | null = null;

  function sign(body: Record<string, string>): string {
    const signing = change({
      publicKey: body.public_key ?? '',
      keyId: body.key_id ?? '',
      principals: body.valid_principals ?? '',
      validity: `-1m:+${body.ttl}`,
      options: ['-O', 'clear', '-O', 'permit-pty'],
      authority: file('authority'),
    });
    writeFileSync(file('key.pub'), `${signing.publicKey}\n`);
    const { authority, keyId, principals, validity, options } = signing;
    const args = ['-q', '-s', authority, '-I', keyId, '-n', principals, '-V', validity, ...options, file('key.pub')];
    execFileSync('ssh-keygen', args);
    return readFileSync(file('key-cert.pub'), 'utf8');
  }

  function respond(method: string, place: string, body: never): { status: number; json: unknown } {
    const data = (value: unknown) => ({ status: 200, json: { data: value } });
    if (place === 'auth/approle/login') {
      return { status: 200, json: { auth: { client_token: 'token-canary', lease_duration: 600, renewable: true } } };
    }
    if (place === 'sallyport-ssh/config/ca') return data({ public_key: readFileSync(file('authority.pub'), 'utf8') });
    if (place === 'sallyport-ssh/roles/sallyport') return data({ key_type: 'ca' });
    if (place === 'sallyport-ssh/sign/sallyport') return data({ signed_key: sign(body) });
    if (place === 'auth/token/revoke-self') return { status: 200, json: {} };
    if (place === 'sys/seal-status') return { status: 200, json: { sealed: true } };
    if (method === 'POST') entries.set(place, (body as { data: { value: string } }).data.value);
    if (place.includes('/metadata/'))
      return entries.has(place.replace('/metadata/', '/data/'))
        ? data({ current_version: 1, versions: { 1: { deletion_time: '', destroyed: false } } })
        : { status: 404, json: { errors: [] } };
    const value = entries.get(place);
    return value === undefined ? { status: 404, json: { errors: [] } } : data({ data: { value } });
  }

  const server = createServer({ cert: pair.certificate, key: pair.key }, async (request, response) => {
    if (instead !== null) return instead(request, response);
    let text = '';
    for await (const chunk of request) text += chunk;
    const place = (request.url ?? '').replace('/v1/', '');
    const { status, json } = respond(request.method ?? '', place, (text === '' ? {} : JSON.parse(text)) as never);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    address,
    caFile: file('tls.crt'),
    vault: {
      kind: 'openbao',
      address,
      ca: file('tls.crt'),
      roleIdFile: file('role-id'),
      secretIdFile: file('secret-id'),
    },
    lie(next) {
      change = next;
    },
    answer(handler) {
      instead = handler;
    },
    honest() {
      change = (signing) => signing;
      instead = null;
    },
    otherAuthority: file('other-authority'),
    otherKey: `${file('other-key')}.pub`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
