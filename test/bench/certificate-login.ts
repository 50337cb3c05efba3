import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Sshd } from '../harness/session/sshd.ts';

/** What a stock client logs in with: a certificate at hand, made before anything is measured. */
export interface CertificateLogin {
  /** The `ssh` command, without what to run. */
  command: readonly string[];
  /** The key's file; the certificate lies beside it. */
  key: string;
}

export function certificateLogin(sshd: Sshd, folder: string): CertificateLogin {
  const key = path.join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const validity = ['-I', 'bench', '-n', sshd.login, '-V', '-1m:+2h'];
  execFileSync('ssh-keygen', ['-q', '-s', sshd.authority, ...validity, `${key}.pub`]);
  const options = [
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${folder}/known`,
    'LogLevel=ERROR',
    'Ciphers=aes128-gcm@openssh.com',
  ].flatMap((option) => ['-o', option]);
  const command = ['ssh', '-tt', '-p', String(sshd.port), '-i', key, ...options, `${sshd.login}@127.0.0.1`];
  return { command, key };
}

/** The private key as ssh2 takes it. */
export function privateKeyOf(login: CertificateLogin): Buffer {
  return readFileSync(login.key);
}
