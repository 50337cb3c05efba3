import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { publicKeyLine } from '../recording/signatures/keys.ts';
import { signDocument } from '../recording/signatures/signed.ts';
import type { Signer } from './context.ts';
import { getOrMake, type Vault } from './vault.ts';

const entry = 'server-signing-key';

/** The server's signing key, made at the first start and kept in the vault (PKCS #8, DER). Throws SP-5006 when the vault cannot be used. */
export async function openSigner(vault: Vault): Promise<Signer> {
  const stored = await getOrMake(vault, entry, () =>
    generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
  );
  const privateKey = createPrivateKey({ key: stored, format: 'der', type: 'pkcs8' });
  stored.fill(0);
  return {
    publicKey: publicKeyLine(privateKey),
    sign: (namespace, value) => signDocument({ privateKey, namespace, value }),
  };
}
