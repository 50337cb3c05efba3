import type { Command } from 'commander';
import type { startServer } from '../../control/server.ts';

type VaultInput = NonNullable<Parameters<typeof startServer>[0]['vault']>;

export interface VaultOptions {
  vault: string;
  vaultAddress?: string;
  vaultCa?: string;
  vaultRoleIdFile?: string;
  vaultSecretIdFile?: string;
  vaultSshMount?: string;
  vaultSshRole?: string;
  vaultKvMount?: string;
  vaultApproleMount?: string;
}

/** Adds the options of `serve` that say where secrets are kept. */
export function addVaultOptions(command: Command): Command {
  return command
    .option('--vault <kind>', 'embedded (in DIR) or openbao', 'embedded')
    .option('--vault-address <url>', 'OpenBao: https://HOST:PORT')
    .option('--vault-ca <file>', 'OpenBao: its authority, PEM; else the system decides')
    .option(
      '--vault-role-id-file <file>',
      'OpenBao: the AppRole, closed to others (0600); else SALLYPORT_VAULT_ROLE_ID',
    )
    .option('--vault-secret-id-file <file>', 'OpenBao: its secret, likewise; else SALLYPORT_VAULT_SECRET_ID')
    .option('--vault-ssh-mount <name>', 'OpenBao: the SSH authority (default: sallyport-ssh)')
    .option('--vault-ssh-role <name>', 'OpenBao: its role (default: sallyport)')
    .option('--vault-kv-mount <name>', 'OpenBao: secrets, KV version 2 (default: kv)')
    .option('--vault-approle-mount <name>', 'OpenBao: the AppRole login (default: approle)');
}

export function vaultInput(options: VaultOptions): VaultInput {
  return {
    kind: options.vault,
    address: options.vaultAddress,
    ca: options.vaultCa,
    roleIdFile: options.vaultRoleIdFile,
    secretIdFile: options.vaultSecretIdFile,
    sshMount: options.vaultSshMount,
    sshRole: options.vaultSshRole,
    kvMount: options.vaultKvMount,
    appRoleMount: options.vaultApproleMount,
  };
}
