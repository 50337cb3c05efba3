import { isUtf8 } from 'node:buffer';
import { SallyportError } from '../../shared/errors/result.ts';

/** In bytes. More is no password; servers of ours and of others refuse it. */
export const longestPassword = 1024;

/**
 * Throws SP-5001 when the bytes cannot be a password that a login takes: it is one line of UTF-8 (RFC 4252 section 8), not empty, without NUL. The
 * words never quote it.
 */
export function checkPassword(bytes: Uint8Array): void {
  const fault =
    bytes.length === 0
      ? 'it is empty'
      : bytes.length > longestPassword
        ? `it is longer than ${longestPassword} bytes`
        : bytes.some((byte) => byte === 0 || byte === 10 || byte === 13)
          ? 'it has a line break or a NUL inside'
          : isUtf8(bytes)
            ? null
            : 'it is not UTF-8';
  if (fault === null) return;
  throw new SallyportError('SP-5001', `The password was not stored: ${fault}. Give one line of text.`);
}
