import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signBlob } from '../../recording/signatures/keys.ts';

export interface LoginKeys {
  /** Makes the key pair of a session; resolves to the public half. The private half stays here until used, expired or dropped. */
  make(sessionId: string, lifetimeMs: number): Promise<KeyObject>;
  /**
   * Takes the key of a session out: whoever gets it first is the only one ever. Null when it was taken, has expired, was dropped or never was.
   * The caller signs with it and lets go of it.
   */
  take(sessionId: string): Promise<((bytes: Uint8Array) => Buffer) | null>;
  /** At once or soon after. */
  drop(sessionId: string): void;
}

/**
 * Login keys of a control process that is alone: in memory.
 * Node gives no way to overwrite a KeyObject's memory: wiping means letting go of the only reference to it; OpenSSL cleanses the key as it is freed.
 * Timers end a key's life without anyone asking.
 */
export function makeLoginKeys(): LoginKeys & {
  /** How many keys are held (tests). */
  readonly size: number;
} {
  const held = new Map<string, { key: KeyObject; timer: NodeJS.Timeout }>();

  function drop(sessionId: string): void {
    clearTimeout(held.get(sessionId)?.timer);
    held.delete(sessionId);
  }

  return {
    async make(sessionId, lifetimeMs) {
      if (held.has(sessionId)) throw new Error('a session has one login key');
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const timer = setTimeout(() => drop(sessionId), lifetimeMs);
      timer.unref();
      held.set(sessionId, { key: privateKey, timer });
      return publicKey;
    },
    async take(sessionId) {
      const entry = held.get(sessionId);
      if (entry === undefined) return null;
      drop(sessionId);
      return (bytes) => signBlob(entry.key, bytes);
    },
    drop,
    get size() {
      return held.size;
    },
  };
}
