import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { SallyportError } from '../../shared/errors/result.ts';

/** age files (age-encryption.org/v1), binary form. */
export async function ageSeal(data: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  if (recipients.length === 0)
    throw new SallyportError(
      'SP-3011',
      'No one is named who may read this recording, so it cannot be sealed. Ask your administrator to check the recipients.',
    );
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(data);
}

/** Opens an age file with an `AGE-SECRET-KEY-1...` identity. Throws SP-3030 when it is not for that identity or was changed. */
export async function ageOpen(file: Uint8Array, identity: string): Promise<Uint8Array> {
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return await decrypter.decrypt(file);
  } catch (error) {
    throw new SallyportError(
      'SP-3030',
      'A sealed part of the recording does not open: it was changed, or the key is not its own. Verify the recording to find the place.',
      { cause: error },
    );
  }
}

/** A fresh identity, which never leaves this process, and the recipient that others seal to. */
export async function makeAgeIdentity(): Promise<{ identity: string; recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}
