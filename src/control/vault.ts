/** Small secrets under names. `get` answers null for a name that was never put; both throw SP-5006 when the vault cannot be used. */
export interface Vault {
  get(name: string): Promise<Buffer | null>;
  put(name: string, bytes: Uint8Array): Promise<void>;
}
