import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm, ServerHostKeyAlgorithm } from 'ssh2';
import { SallyportError } from '../shared/errors/result.ts';

/**
 * What is offered to a target: today's exchanges, AES-GCM alone (its packet lengths are in clear, which the relay's wire evidence needs), no
 * compression. Strict key exchange (OpenSSH PROTOCOL, "kex-strict") is added by ssh2 itself. The MACs are never used: GCM brings its own.
 */
export const kexAlgorithms: KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
];
export const cipherAlgorithms: CipherAlgorithm[] = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'];
export const macAlgorithms: MacAlgorithm[] = ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'];

const byKeyType: Record<string, ServerHostKeyAlgorithm[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  // RFC 8332: an RSA key signs with SHA-2 only, never with SHA-1.
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/**
 * The host key algorithms to offer so that the target presents one of the expected keys (OpenSSH lines). Throws SP-2032 when none of them is
 * of a kind that is used here.
 */
export function hostKeyAlgorithms(expected: readonly string[]): ServerHostKeyAlgorithm[] {
  const names = new Set(expected.flatMap((line) => byKeyType[line.trim().split(/\s+/)[0] ?? ''] ?? []));
  if (names.size === 0) {
    throw new SallyportError(
      'SP-2032',
      'The host keys known for this target are all of an old kind that is not used any more. Ask your administrator to record an Ed25519, ECDSA or RSA host key for it.',
    );
  }
  return [...names];
}
