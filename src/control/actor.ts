import type { Role } from '../shared/protocol/control-api.ts';

/** The person who acts, and on which device. Every request that is not `auth: 'none'` has one. */
export interface Actor {
  readonly userId: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly groups: readonly string[];
  /** The enrolled device whose key made the proof; null on the local socket. `publicKey`: OpenSSH line (ecdsa-sha2-nistp256). */
  readonly device: { readonly id: string; readonly name: string; readonly publicKey: string } | null;
  readonly via: 'device' | 'socket';
}
