/**
 * Where sealed bytes are kept. Keys are made by the server from ids alone (security.md 33): `<session>/<file>`. Every method throws SP-5010 when
 * the store does not do what it should.
 */
export interface ObjectStore {
  /** Stores under a key that has nothing yet; false (and nothing changed) when it has. Durable when it resolves. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Stores in place of whatever the key has: for renditions whose truth is elsewhere. */
  replace(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Buffer | null>;
  /** Keys and sizes under `<session>/`, sorted. */
  list(prefix: string): Promise<{ key: string; bytes: number }[]>;
}
