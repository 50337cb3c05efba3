import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { publicKeyLine } from '../recording/signatures/keys.ts';
import { signDocument } from '../recording/signatures/signed.ts';
import type { Signer, Vault } from './context.ts';

const entry = 'server-signing-key';

/** The server's signing key, made at the first start and kept in the vault (PKCS #8, DER). Throws SP-5006 when the vault cannot be used. */
export async function openSigner(vault: Vault): Promise<Signer> {
  let stored = await vault.get(entry);
  if (stored === null) {
    stored = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
    await vault.put(entry, stored);
  }
  const privateKey = createPrivateKey({ key: stored, format: 'der', type: 'pkcs8' });
  stored.fill(0);
  return {
    publicKey: publicKeyLine(privateKey),
    sign: (namespace, value) => signDocument({ privateKey, namespace, value }),
  };
}
