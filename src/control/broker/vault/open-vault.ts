import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SallyportError } from '../../../shared/errors/result.ts';
import type { OpenBaoPlace, VaultPlace } from '../../config/vault.ts';
import type { Clock } from '../../context.ts';
import type { Vault } from '../../vault.ts';
import { openEmbeddedAuthority } from '../authority/embedded-authority.ts';
import { openOpenBaoAuthority } from '../authority/openbao-authority.ts';
import type { SshAuthority } from '../authority/ssh-authority.ts';
import { makeTokenSource } from './openbao/app-role.ts';
import { openHttps } from './openbao/https.ts';
import { makeKeyValueVault } from './openbao/key-value.ts';
import { makeOpenBao } from './openbao/openbao.ts';
import { VaultError } from './openbao/problem.ts';

export interface OpenedVault {
  readonly vault: Vault;
  readonly sshAuthority: SshAuthority;
  close(): Promise<void>;
}

interface Options {
  place: VaultPlace;
  dataFolder: string;
  clock: Clock;
  environment?: NodeJS.ProcessEnv;
  /** Opens the vault of its own where that is the place. */
  openEmbedded(): Promise<Vault>;
}

/** Opens the vault that `serve` was told to use, and the authority with it. Throws SP-5006, or SP-5001 when an option names an unreadable file. */
export async function openVault(options: Options): Promise<OpenedVault> {
  const { place } = options;
  await refuseOther(options.dataFolder, place.kind);
  if (place.kind === 'openbao') return openOpenBao(options, place);
  const vault = await options.openEmbedded();
  return { vault, sshAuthority: await openEmbeddedAuthority(vault), close: async () => undefined };
}

/** What this folder's server used at OpenBao: public facts, so that another authority or another kind of vault is noticed. */
const markSchema = z.object({ version: z.literal(0), kind: z.literal('openbao'), sshAuthority: z.string() });
const markFile = (folder: string) => path.join(folder, 'vault-openbao.json');

async function readIfThere(file: string): Promise<Buffer | null> {
  return readFile(file).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new SallyportError('SP-5006', 'A file beside the vault cannot be read. Check its owner.', {
      facts: { file },
    });
  });
}

/**
 * Another vault would mean another signing key, which no launcher accepts, and recordings that cannot be opened: made silently by starting with the wrong
 * option. Throws SP-5006.
 */
async function refuseOther(folder: string, kind: VaultPlace['kind']): Promise<void> {
  const [other, words] =
    kind === 'openbao'
      ? [path.join(folder, 'vault'), 'its secrets are in the embedded vault. Start without --vault openbao']
      : [markFile(folder), 'its secrets are in OpenBao. Start with --vault openbao'];
  if ((await readIfThere(other)) === null) return;
  throw new SallyportError(
    'SP-5006',
    `This data folder was used with another vault: ${words}, or give --data a new folder. With another vault enrolled launchers and stored recordings would be lost.`,
    { facts: { file: other } },
  );
}

async function checkPinned(folder: string, sshAuthority: string): Promise<void> {
  const file = markFile(folder);
  const bytes = await readIfThere(file);
  if (bytes === null) {
    const mark: z.infer<typeof markSchema> = { version: 0, kind: 'openbao', sshAuthority };
    await writeFile(file, `${JSON.stringify(mark)}\n`, { mode: 0o600, flag: 'wx' });
    return;
  }
  let pinned: string | null = null;
  try {
    pinned = markSchema.parse(JSON.parse(bytes.toString('utf8'))).sshAuthority;
  } catch {
    // Says the same below: a pin that cannot be read pins nothing.
  }
  if (pinned === sshAuthority) return;
  throw new SallyportError(
    'SP-5006',
    `The SSH authority in OpenBao is not the one this server used before, so it did not start. If it was replaced on purpose, give targets the new public key, remove ${file} and start again; if not, something stands in the place of OpenBao.`,
    { facts: { file } },
  );
}

async function readAuthorities(file: string | null): Promise<string | null> {
  if (file === null) return null;
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new SallyportError(
    'SP-5001',
    'The file after --vault-ca cannot be read or holds no certificate. Give the authority of OpenBao in PEM.',
    { facts: { file } },
  );
}

async function openOpenBao(options: Options, place: OpenBaoPlace): Promise<OpenedVault> {
  const { clock } = options;
  const https = openHttps({
    address: place.address,
    ca: await readAuthorities(place.caFile),
    requestMs: place.requestMs,
  });
  const tokens = makeTokenSource({
    https,
    mount: place.appRoleMount,
    source: {
      roleIdFile: place.roleIdFile,
      secretIdFile: place.secretIdFile,
      environment: options.environment ?? process.env,
    },
    monotonicMs: () => clock.monotonicMs(),
  });
  const close = async (): Promise<void> => {
    await tokens.close();
    await https.close();
  };
  try {
    const openbao = makeOpenBao({ https, tokens });
    const sshAuthority = await openOpenBaoAuthority({
      openbao,
      mount: place.sshMount,
      role: place.sshRole,
      now: () => clock.now(),
    });
    await checkPinned(options.dataFolder, sshAuthority.publicKey);
    return { vault: makeKeyValueVault({ openbao, mount: place.kvMount }), sshAuthority, close };
  } catch (error) {
    await close();
    throw error instanceof VaultError ? error.at(place.address) : error;
  }
}
