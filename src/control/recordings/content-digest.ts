import { createHash } from 'node:crypto';
import { SallyportError } from '../../shared/errors/result.ts';

/**
 * Checks a body against its Content-Digest (RFC 9530, `sha-256=:base64:`); returns the digest in hex. Throws SP-3020 when the header is missing,
 * names no sha-256, or says something else than the bytes.
 */
export function checkContentDigest(header: string | string[] | undefined, body: Uint8Array): string {
  const digest = createHash('sha256').update(body).digest();
  const text = typeof header === 'string' ? header : '';
  const stated = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/.exec(text)?.[1];
  if (stated === undefined) {
    throw new SallyportError(
      'SP-3020',
      'The bytes came without a Content-Digest of kind sha-256, so they were not stored. Send the header and try again.',
    );
  }
  if (!Buffer.from(stated, 'base64').equals(digest)) {
    throw new SallyportError(
      'SP-3020',
      'The bytes are not those of their Content-Digest, so they were not stored. Send them again.',
      {
        facts: { received: digest.toString('hex') },
      },
    );
  }
  return digest.toString('hex');
}
