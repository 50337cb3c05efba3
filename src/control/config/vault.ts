import path from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';

/** Where secrets are kept and certificates signed. No secret is in here: an AppRole's ids come from files or the environment. */
export type VaultPlace = { readonly kind: 'embedded' } | OpenBaoPlace;

export interface OpenBaoPlace {
  readonly kind: 'openbao';
  /** https origin */
  readonly address: string;
  /** PEM of the authorities it may be certified by; null: the system's. */
  readonly caFile: string | null;
  readonly roleIdFile: string | null;
  readonly secretIdFile: string | null;
  /** Where things are enabled in OpenBao; each a path of one or more parts. */
  readonly sshMount: string;
  readonly sshRole: string;
  readonly kvMount: string;
  readonly appRoleMount: string;
  /** Milliseconds in which one request must be answered. */
  readonly requestMs: number;
}

export interface VaultInput {
  kind?: string | undefined;
  address?: string | undefined;
  ca?: string | undefined;
  roleIdFile?: string | undefined;
  secretIdFile?: string | undefined;
  sshMount?: string | undefined;
  sshRole?: string | undefined;
  kvMount?: string | undefined;
  appRoleMount?: string | undefined;
  requestMs?: number | undefined;
}

/** What holds unless an option says otherwise; assets/openbao and docs/operations.md use the same names. */
export const vaultDefaults = {
  sshMount: 'sallyport-ssh',
  sshRole: 'sallyport',
  kvMount: 'kv',
  appRoleMount: 'approle',
  requestMs: 5000,
} as const;

/** Checks what was given. Throws SP-5001 with the option that is wrong. */
export function makeVaultPlace(input: VaultInput): VaultPlace {
  const { kind = 'embedded', ...rest } = input;
  if (kind === 'embedded') {
    if (Object.values(rest).every((value) => value === undefined)) return { kind };
    throw wrong('The --vault- options are for OpenBao. Give --vault openbao with them, or leave them out.');
  }
  if (kind !== 'openbao') throw wrong(`"${kind}" is not a kind of vault. Give --vault embedded or --vault openbao.`);
  const place = (option: string, given: string | undefined, usual: string): string => {
    const text = given ?? usual;
    if (/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/.test(text)) return text;
    throw wrong(`"${text}" is not a name in OpenBao. Give ${option} as \`bao\` lists it, without a slash at its ends.`);
  };
  const file = (given: string | undefined) => (given === undefined ? null : path.resolve(given));
  return {
    kind,
    address: parseAddress(rest.address),
    caFile: file(rest.ca),
    roleIdFile: file(rest.roleIdFile),
    secretIdFile: file(rest.secretIdFile),
    sshMount: place('--vault-ssh-mount', rest.sshMount, vaultDefaults.sshMount),
    sshRole: place('--vault-ssh-role', rest.sshRole, vaultDefaults.sshRole),
    kvMount: place('--vault-kv-mount', rest.kvMount, vaultDefaults.kvMount),
    appRoleMount: place('--vault-approle-mount', rest.appRoleMount, vaultDefaults.appRoleMount),
    requestMs: rest.requestMs ?? vaultDefaults.requestMs,
  };
}

function parseAddress(text: string | undefined): string {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw wrong('Where OpenBao is was not said. Give --vault-address, for example https://vault:8200.');
  if (url.protocol !== 'https:') {
    throw wrong('The address of OpenBao must begin with https://: over anything else secrets would travel in clear.');
  }
  // Not quoted: it may hold a password.
  if (url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw wrong('The address of OpenBao is https://HOST:PORT and nothing more: no user, no path.');
  }
  return url.origin;
}

function wrong(message: string): SallyportError {
  return new SallyportError('SP-5001', message);
}
