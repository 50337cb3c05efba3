import { createHash } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';

/** The SHA-256 (hex) that a Content-Digest header states (RFC 9530, `sha-256=:base64:`). Throws SP-3020 when there is none. */
export function statedDigest(header: string | string[] | undefined): string {
  const text = typeof header === 'string' ? header : '';
  const stated = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(text)?.[1];
  if (stated === undefined) {
    throw new SallyportError(
      'SP-3020',
      'The bytes came without a Content-Digest of kind sha-256, so they were not stored. Send the header and try again.',
    );
  }
  return Buffer.from(stated, 'base64').toString('hex');
}

/** Throws SP-3020 when what came is not what was stated; both in hex. */
export function checkDigest(stated: string, received: string): void {
  if (stated === received) return;
  throw new SallyportError(
    'SP-3020',
    'The bytes are not those of their Content-Digest, so they were not stored. Send them again.',
    { facts: { received } },
  );
}

/** Checks a body against its Content-Digest; returns the digest in hex. Throws SP-3020. */
export function checkContentDigest(header: string | string[] | undefined, body: Uint8Array): string {
  const digest = createHash('sha256').update(body).digest('hex');
  checkDigest(statedDigest(header), digest);
  return digest;
}
