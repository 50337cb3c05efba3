import { createHash } from 'node:crypto';

/**
 * The thumbprint (RFC 7638) of the key that a proof claims to be by, read without checking anything: for deciding whom a request may be from, before
 * the dear work begins. Null for what cannot be a proof. Never throws.
 */
export function claimedThumbprint(proof: unknown): string | null {
  if (typeof proof !== 'string' || proof.length > 4096) return null;
  try {
    const header: unknown = JSON.parse(Buffer.from(proof.slice(0, proof.indexOf('.')), 'base64url').toString('utf8'));
    const { crv, kty, x, y } = (header as { jwk: Record<string, unknown> }).jwk;
    if (crv !== 'P-256' || kty !== 'EC' || typeof x !== 'string' || typeof y !== 'string') return null;
    return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
  } catch {
    return null;
  }
}
