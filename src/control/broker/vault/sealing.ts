import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * AES-256-GCM boxes: `nonce (12) | tag (16) | ciphertext`. `context` is additional data, so a box moved to another name does not open. Nonces
 * are random; one key seals far fewer than 2^32 boxes (NIST SP 800-38D section 8.3).
 */
export function sealBox(key: Uint8Array, context: string, secret: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(context, 'utf8'));
  const body = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Throws when the box is damaged, of another key or of another context. */
export function openBox(key: Uint8Array, context: string, box: Uint8Array): Buffer {
  const bytes = Buffer.from(box);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(bytes.subarray(12, 28));
  const parts = [decipher.update(bytes.subarray(28)), decipher.final()];
  const opened = Buffer.concat(parts);
  // What is left is the caller's to wipe: no second copy waits in memory for a collection.
  for (const part of parts) part.fill(0);
  return opened;
}

/** A key for one use, from the master key (HKDF-SHA-256, RFC 5869). */
export function deriveKey(master: Uint8Array, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `sallyport vault, version 0: ${use}`, 32));
}
