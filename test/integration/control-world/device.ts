import { randomUUID, type webcrypto } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export interface DeviceKey {
  jwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string };
  privateKey: webcrypto.CryptoKey;
}

export async function makeDeviceKey(): Promise<DeviceKey> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const { x = '', y = '' } = await exportJWK(publicKey);
  return { jwk: { kty: 'EC', crv: 'P-256', x, y }, privateKey };
}

/** What a test makes wrong in a proof. */
export interface ProofChange {
  htm?: string;
  htu?: string;
  iatOffset?: number;
  jti?: string;
  typ?: string;
  header?: Record<string, unknown>;
}

/** A DPoP proof (RFC 9449), right unless changed. */
export async function makeProof(
  key: DeviceKey,
  method: string,
  url: string,
  change: ProofChange = {},
): Promise<string> {
  const htu = url.split('?', 1)[0] ?? '';
  return new SignJWT({ htm: change.htm ?? method, htu: change.htu ?? htu, jti: change.jti ?? randomUUID() })
    .setProtectedHeader({ alg: 'ES256', typ: change.typ ?? 'dpop+jwt', jwk: key.jwk, ...change.header })
    .setIssuedAt(Math.floor(Date.now() / 1000) + (change.iatOffset ?? 0))
    .sign(key.privateKey);
}
