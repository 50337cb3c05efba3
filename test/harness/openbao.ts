import 'reflect-metadata';
import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as x509 from '@peculiar/x509';
import { Agent, request } from 'undici';
import { findOpenbao } from '../../scripts/lib/openbao.mjs';
import type { VaultInput } from '../../src/control/config/vault.ts';
import { freePort, stopChild } from './session/sshd.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const found = findOpenbao();
/** Why tests with OpenBao are not run here; null where they are. Goes into the name of their `describe`. */
export const openbaoMissing: string | null = 'why' in found ? found.why : null;

/** For `describe.skipIf`: the name says why, and `npm test` repeats it at its end. */
export function named(name: string): string {
  return openbaoMissing === null ? name : `${name} (not run: ${openbaoMissing})`;
}

export interface Bao {
  address: string;
  /** PEM of the authority of its certificate. */
  caFile: string;
  folder: string;
  /** As docs/operations.md makes them; 0600. */
  roleIdFile: string;
  secretIdFile: string;
  /** What `serve` would be told. */
  vault: VaultInput & { kind: 'openbao' };
  /** The API, by default with the root token. `path` is below /v1/. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<{ status: number; body: Json }>;
  /** A fresh token of the documented AppRole. */
  logIn(): Promise<string>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  /** Runs `bao` with the root token. */
  command(script: string): string;
  stop(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of a foreign program, looked into by tests alone
type Json = any;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A certificate for 127.0.0.1 that is its own authority. PEM. */
export async function makeTlsPair(): Promise<{ certificate: string; key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=vault',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return { certificate: certificate.toString('pem'), key: key.export({ format: 'pem', type: 'pkcs8' }).toString() };
}

/** The commands that docs/operations.md gives for setting OpenBao up. */
function documentedSetUp(): string {
  const text = readFileSync(path.join(root, 'docs/operations.md'), 'utf8');
  const block = /\n## OpenBao\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(text)?.[1];
  if (block === undefined) throw new Error('docs/operations.md has no commands for OpenBao');
  return block;
}

/**
 * A real OpenBao: TLS, storage in memory, initialised with one unseal key, and set up by the very commands and files of docs/operations.md. `login` is
 * added to the accounts that the role allows.
 */
export async function startBao(options: { login: string }): Promise<Bao> {
  if ('why' in found) throw new Error(found.why);
  const folder = mkdtempSync(path.join(tmpdir(), 'bao-'));
  const pair = await makeTlsPair();
  const caFile = path.join(folder, 'tls.crt');
  writeFileSync(caFile, pair.certificate);
  writeFileSync(path.join(folder, 'tls.key'), pair.key, { mode: 0o600 });
  symlinkSync(path.join(root, 'assets'), path.join(folder, 'assets'));
  mkdirSync(path.join(folder, 'bin'));
  symlinkSync(found.program, path.join(folder, 'bin', 'bao'));
  const address = `https://127.0.0.1:${await freePort()}`;
  const config = [
    'storage "inmem" {}',
    `listener "tcp" {\n  address = "${new URL(address).host}"\n  tls_cert_file = "${caFile}"\n  tls_key_file = "${folder}/tls.key"\n}`,
    `audit "file" "to-file" {\n  options { file_path = "${folder}/audit.log" }\n}`,
    `api_addr = "${address}"`,
    'disable_mlock = true',
  ];
  writeFileSync(path.join(folder, 'config.hcl'), `${config.join('\n')}\n`);
  const child = spawn(found.program, ['server', `-config=${folder}/config.hcl`], { stdio: ['ignore', 'pipe', 'pipe'] });
  await started(child.stdout, child.stderr);

  const agent = new Agent({ connect: { ca: pair.certificate } });
  let rootToken = '';
  let unsealKey = '';
  const bao: Bao = {
    address,
    caFile,
    folder,
    roleIdFile: path.join(folder, 'vault-role-id'),
    secretIdFile: path.join(folder, 'vault-secret-id'),
    vault: {
      kind: 'openbao',
      address,
      ca: caFile,
      roleIdFile: path.join(folder, 'vault-role-id'),
      secretIdFile: path.join(folder, 'vault-secret-id'),
    },
    async api(method, where, body, token = rootToken) {
      const answer = await request(`${address}/v1/${where}`, {
        method: method as 'GET',
        headers: token === '' ? {} : { 'x-vault-token': token },
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher: agent,
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, body: text === '' ? null : JSON.parse(text) };
    },
    async logIn() {
      const read = (file: string) => readFileSync(file, 'utf8').trim();
      const ids = { role_id: read(bao.roleIdFile), secret_id: read(bao.secretIdFile) };
      return (await bao.api('POST', 'auth/approle/login', ids, '')).body.auth.client_token;
    },
    async seal() {
      await bao.api('PUT', 'sys/seal');
    },
    async unseal() {
      const { body } = await bao.api('PUT', 'sys/unseal', { key: unsealKey }, '');
      if (body.sealed !== false) throw new Error('OpenBao stayed sealed');
    },
    command: (script) =>
      execFileSync('sh', ['-euc', script], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: `${folder}/bin:${process.env.PATH}`,
          HOME: folder,
          BAO_ADDR: address,
          BAO_CACERT: caFile,
          BAO_TOKEN: rootToken,
        },
      }),
    async stop() {
      await agent.destroy();
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    const { body } = await bao.api('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 }, '');
    rootToken = body.root_token;
    unsealKey = body.keys[0];
    await bao.unseal();
    bao.command(documentedSetUp());
    const documented = JSON.parse(readFileSync(path.join(root, 'assets/openbao/ssh-role.json'), 'utf8'));
    const allowed: string[] = documented.allowed_users.split(',');
    if (!allowed.includes('*') && !allowed.includes(options.login)) {
      const role = { ...documented, allowed_users: [...allowed, options.login].join(',') };
      await bao.api('POST', 'sallyport-ssh/roles/sallyport', role);
    }
    return bao;
  } catch (error) {
    await bao.stop();
    throw error;
  }
}

function started(out: NodeJS.ReadableStream, err: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      if (text.includes('server started!')) resolve();
    };
    out.on('data', look);
    err.on('data', look);
    out.on('close', () => reject(new Error(`OpenBao did not start: ${text}`)));
  });
}
