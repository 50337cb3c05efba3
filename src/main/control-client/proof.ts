import { generateProof, type KeyPair } from 'dpop';
import type { DeviceKey } from '../identity/device-key.ts';

/** Makes DPoP proofs (RFC 9449, no access token) by the device key: ES256, a fresh `jti` each. */
export interface ProofMaker {
  /** `url`: http(s) or ws(s); the proof names it in https form without query and fragment. */
  proof(method: string, url: string): Promise<string>;
}

/** The `htu` of a URL (RFC 9449 section 4.2): https also for wss, no query, no fragment. */
export function proofTarget(url: string): string {
  const parsed = new URL(url);
  return `https://${parsed.host}${parsed.pathname}`;
}

export async function makeProofMaker(key: DeviceKey): Promise<ProofMaker> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const pkcs8 = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
  pkcs8.fill(0);
  const publicKey = await crypto.subtle.importKey('jwk', key.jwk, algorithm, true, ['verify']);
  const pair: KeyPair = { privateKey, publicKey };
  return { proof: (method, url) => generateProof(pair, proofTarget(url), method) };
}
