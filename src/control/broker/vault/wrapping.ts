import { randomBytes } from 'node:crypto';
import { SallyportError } from '../../../shared/errors/result.ts';
import { getOrMake, type Vault } from '../../vault.ts';
import { openBox, sealBox } from './sealing.ts';

/** Small secrets encrypted for keeping in the database. Whoever deletes the wrapped text erases the secret. */
export interface Wrapping {
  /** `context` is bound to the result: it does not unwrap under another. Base64. */
  wrap(context: string, secret: Uint8Array): string;
  /** Throws SP-5006 when the text is of another vault or context, or was changed. */
  unwrap(context: string, wrapped: string): Buffer;
}

/** Wraps under a key that the vault holds. Throws SP-5006. */
export async function openWrapping(vault: Vault): Promise<Wrapping> {
  const key = await getOrMake(vault, 'wrapping-key', () => randomBytes(32));
  return {
    wrap: (context, secret) => sealBox(key, context, secret).toString('base64'),
    unwrap(context, wrapped) {
      try {
        return openBox(key, context, Buffer.from(wrapped, 'base64'));
      } catch {
        throw new SallyportError(
          'SP-5006',
          'A wrapped secret does not open with this vault. The vault and the database must come from the same backup.',
          { facts: { for: context } },
        );
      }
    },
  };
}
