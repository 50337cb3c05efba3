/**
 * Where the server keeps what must never be in the clear at rest. One interface for the embedded file and for the vaults of others.
 * Every method throws SP-5006 when the vault cannot be read or written.
 */
export interface Vault {
  /** The secret of that name, or null. */
  get(name: string): Promise<Buffer | null>;
  /** Stores or replaces; on disk (synced) when it resolves. */
  put(name: string, secret: Uint8Array): Promise<void>;
  /**
   * Encrypts a small secret under the vault's own key for keeping elsewhere. `context` is bound to it: unwrapping under another fails. Deleting
   * the wrapped text erases the secret.
   */
  wrap(context: string, secret: Uint8Array): Promise<string>;
  unwrap(context: string, wrapped: string): Promise<Buffer>;
}

/** The secret of that name, made and stored when there is none yet. */
export async function getOrMake(vault: Vault, name: string, make: () => Uint8Array): Promise<Buffer> {
  const known = await vault.get(name);
  if (known !== null) return known;
  const made = Buffer.from(make());
  await vault.put(name, made);
  return made;
}
