import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signBlob } from '../../recording/signatures/keys.ts';

export interface LoginKeys {
  /** Makes the key pair of a session; returns the public half. The private half stays here, in memory, until used, expired or dropped. */
  make(sessionId: string, lifetimeMs: number): KeyObject;
  /**
   * Takes the key of a session out: whoever gets it first is the only one ever. Null when it was taken, has expired, was dropped or never was.
   * The caller signs with it and lets go of it.
   */
  take(sessionId: string): ((bytes: Uint8Array) => Buffer) | null;
  drop(sessionId: string): void;
  /** How many keys are held (tests, metrics). */
  readonly size: number;
}

/**
 * Node gives no way to overwrite a KeyObject's memory: wiping means letting go of the only reference to it; OpenSSL cleanses the key as it is freed.
 * Timers end a key's life without anyone asking.
 */
export function makeLoginKeys(): LoginKeys {
  const held = new Map<string, { key: KeyObject; timer: NodeJS.Timeout }>();

  function drop(sessionId: string): void {
    clearTimeout(held.get(sessionId)?.timer);
    held.delete(sessionId);
  }

  return {
    make(sessionId, lifetimeMs) {
      if (held.has(sessionId)) throw new Error('a session has one login key');
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const timer = setTimeout(() => drop(sessionId), lifetimeMs);
      timer.unref();
      held.set(sessionId, { key: privateKey, timer });
      return publicKey;
    },
    take(sessionId) {
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
