import { createPrivateKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { publicKeyLine } from '../../recording/signatures/keys.ts';
import { jwkSchema } from '../../shared/protocol/control-api.ts';

/** A device key (P-256) as the launcher has one; the lab's own devices live only as long as their process. */
export interface DeviceKey {
  privateKey: KeyObject;
  jwk: { kty: 'EC'; crv: 'P-256'; x: string; y: string };
  /** OpenSSH line. */
  line: string;
}

export function makeDeviceKey(): DeviceKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return deviceKeyFrom(privateKey);
}

export function deviceKeyFromPem(pem: string): DeviceKey {
  return deviceKeyFrom(createPrivateKey(pem));
}

function deviceKeyFrom(privateKey: KeyObject): DeviceKey {
  const { kty, crv, x, y } = privateKey.export({ format: 'jwk' });
  return { privateKey, jwk: jwkSchema.parse({ kty, crv, x, y }), line: publicKeyLine(privateKey) };
}

/** One DPoP proof (RFC 9449 section 4.2) for one request; `url` without query and fragment, https also for WebSockets. */
export function makeProof(key: DeviceKey, method: string, url: string): Promise<string> {
  return new SignJWT({ htm: method, htu: url, jti: randomUUID() })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk })
    .setIssuedAt()
    .sign(key.privateKey);
}
