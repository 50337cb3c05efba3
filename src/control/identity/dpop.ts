import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { z } from 'zod';
import { SallyportError } from '../../shared/errors/result.ts';
import { jwkSchema } from '../../shared/protocol/control-api.ts';

/** Seconds that a proof's `iat` may be away from the server's clock, either way. */
export const proofWindowSeconds = 60;

export interface Proof {
  jwk: z.infer<typeof jwkSchema>;
  /** RFC 7638, SHA-256, base64url */
  thumbprint: string;
  jti: string;
}

const claimsSchema = z.object({
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
  jti: z.string().min(16).max(128),
});

function refused(why: string): SallyportError {
  return new SallyportError(
    'SP-1006',
    `The proof of this device was not accepted: ${why}. Try again; if it stays, compare this device's clock with the server's.`,
  );
}

/**
 * Checks a DPoP proof (RFC 9449 section 4.3, without access token): ES256 by the key in its header, for this method and one of `urls`,
 * issued within a minute of `now`. Whether `jti` is new is asked elsewhere. Throws SP-1006.
 */
export async function verifyProof(
  proof: string | undefined,
  expected: { method: string; urls: readonly string[]; now: Date },
): Promise<Proof> {
  if (proof === undefined) throw refused('the request carries none');
  if (proof.length > 4096) throw refused('it is too long');
  let jwk: Proof['jwk'];
  let claims: z.infer<typeof claimsSchema>;
  try {
    const header = decodeProtectedHeader(proof);
    // A header with a private part (`d`) does not fit the schema's strict form, and RFC 9449 wants it refused.
    jwk = jwkSchema.strict().parse(header.jwk);
    const key = await importJWK(jwk, 'ES256');
    const { payload } = await jwtVerify(proof, key, {
      algorithms: ['ES256'],
      typ: 'dpop+jwt',
      // Times are checked below against the server's own clock.
      currentDate: expected.now,
    });
    claims = claimsSchema.parse(payload);
  } catch {
    throw refused('it is malformed or its signature is wrong');
  }
  if (claims.htm !== expected.method) throw refused('it was made for another method');
  if (!expected.urls.includes(normaliseUrl(claims.htu))) throw refused('it was made for another address');
  const offset = claims.iat - expected.now.getTime() / 1000;
  if (Math.abs(offset) > proofWindowSeconds) {
    const seconds = Math.round(Math.abs(offset));
    throw refused(`the clocks differ by ${seconds} seconds and 60 are allowed`);
  }
  return { jwk, thumbprint: await calculateJwkThumbprint(jwk, 'sha256'), jti: claims.jti };
}

/** Lower-cases scheme and host and drops a default port, query and fragment (RFC 3986 section 6.2); an unreadable one matches nothing. */
export function normaliseUrl(text: string): string {
  if (!URL.canParse(text)) return '';
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname}`;
}
