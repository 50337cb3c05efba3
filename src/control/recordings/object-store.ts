import type { Readable } from 'node:stream';

/** Bytes that came and lie beside the store, whole and synced, until they are kept or discarded. */
export interface Received {
  /** Hex, computed on the way. */
  sha256: string;
  bytes: number;
  /** Moves them under a key that has nothing yet; false (and they are gone) when it has. Durable when it resolves. */
  keepAs(key: string): Promise<boolean>;
  discard(): Promise<void>;
}

/**
 * Where sealed bytes are kept. Keys are made by the server from ids alone (security.md 33): `<session>/<file>`. Every method throws SP-5010 when
 * the store does not do what it should.
 */
export interface ObjectStore {
  /** Stores under a key that has nothing yet; false (and nothing changed) when it has. Durable when it resolves. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Takes bytes in as they come, never whole in memory. Throws SP-5005 above `maxBytes`, and what the source throws; nothing is left then. */
  receive(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Received>;
  /** Stores in place of whatever the key has: for renditions whose truth is elsewhere. */
  replace(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Buffer | null>;
  /** For what may be too large for memory: its size, and a stream of it. */
  open(key: string): Promise<{ bytes: number; stream: Readable } | null>;
  /** Deletes it, durably; nothing there is fine. */
  remove(key: string): Promise<void>;
  /** Keys and sizes under `<session>/`, sorted. */
  list(prefix: string): Promise<{ key: string; bytes: number }[]>;
}
