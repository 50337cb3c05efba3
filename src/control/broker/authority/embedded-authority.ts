import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { publicKeyLine } from '../../../recording/signatures/keys.ts';
import { getOrMake, type Vault } from '../../vault.ts';
import { makeUserCertificate } from '../certificate.ts';
import type { SshAuthority } from './ssh-authority.ts';

/** An authority whose ed25519 key lies in the vault; made at the first start. Throws SP-5006. */
export async function openEmbeddedAuthority(vault: Vault): Promise<SshAuthority> {
  const stored = await getOrMake(vault, 'ssh-authority', () =>
    generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
  );
  const authority = createPrivateKey({ key: stored, format: 'der', type: 'pkcs8' });
  stored.fill(0);
  return {
    publicKey: publicKeyLine(authority),
    async certify(request) {
      return makeUserCertificate({ ...request, authority, serial: randomBytes(8).readBigUInt64BE() });
    },
  };
}
