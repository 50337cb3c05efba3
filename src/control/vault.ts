/**
 * Small secrets under names, kept by whichever back end the server was started with. A name is `part/part/...`; a part is not empty, not `.` or
 * `..`, and made of letters, digits and `-._~%@+` (other text is percent-encoded by who makes the name). Each method throws SP-5006, in words,
 * when the vault cannot be used: locked, unreachable, denied, damaged.
 */
export interface Vault {
  readonly kind: 'embedded' | 'openbao';
  /** Null for a name that was never put, or was removed. */
  get(name: string): Promise<Buffer | null>;
  /** Whether `get` would answer something; the secret stays where it is. For names of several parts. */
  has(name: string): Promise<boolean>;
  /** Replaces what is there. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /**
   * Puts only where there is nothing, and answers what is stored afterwards: these bytes, or the ones that were there. Atomic among all that use
   * the same vault, other processes included: whoever adds at the same time gets the same answer.
   */
  add(name: string, bytes: Uint8Array): Promise<Buffer>;
  /** Destroys it, with every earlier version. False when there was nothing. */
  remove(name: string): Promise<boolean>;
  /** The full names below `prefix`, which is empty or ends in `/`; in the order of their code points. */
  list(prefix: string): Promise<string[]>;
}

/**
 * The secret of that name, made and stored when there is none yet. Processes that start together on one vault get the same secret (`Vault.add`).
 * Throws SP-5006.
 */
export async function getOrMake(vault: Vault, name: string, make: () => Uint8Array): Promise<Buffer> {
  return (await vault.get(name)) ?? vault.add(name, make());
}

/** Throws `RangeError` when the text is not a name (see `Vault`): names come from code, so that is a fault of ours. */
export function checkSecretName(name: string): void {
  const parts = name.split('/');
  const good = parts.every((part) => /^[A-Za-z0-9._~%@+-]+$/.test(part) && part !== '.' && part !== '..');
  if (!good || name.length > 500) throw new RangeError('not a name of a secret');
}

/** Throws `RangeError` when the text is not the beginning of names. */
export function checkSecretPrefix(prefix: string): void {
  if (prefix === '') return;
  if (!prefix.endsWith('/')) throw new RangeError('not a prefix of names');
  checkSecretName(prefix.slice(0, -1));
}
