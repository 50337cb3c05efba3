import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { z } from 'zod';
import { publicKeyLine } from '../../recording/signatures/keys.ts';
import { jwkSchema } from '../../shared/protocol/control-api.ts';

/** The key that is this device: P-256, because that is what secure hardware has. The private half stays in main. */
export interface DeviceKey {
  privateKey: KeyObject;
  /** OpenSSH line (ecdsa-sha2-nistp256). */
  line: string;
  jwk: z.infer<typeof jwkSchema>;
}

function fromPrivate(privateKey: KeyObject): DeviceKey {
  const publicKey = createPublicKey(privateKey);
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  return { privateKey, line: publicKeyLine(publicKey), jwk: jwkSchema.parse({ kty, crv, x, y }) };
}

export function makeDeviceKey(): DeviceKey {
  return fromPrivate(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/** PKCS #8 PEM, only ever given to a key store. */
export function exportDeviceKey(key: DeviceKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Throws when the text is not a P-256 private key. */
export function importDeviceKey(pem: string): DeviceKey {
  return fromPrivate(createPrivateKey(pem));
}
