import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';

/**
 * The organisation's break-glass pair (recording.md, Keys). In production its private half is offline; the lab keeps it in its folder, so that a checker
 * with stock tools can open recordings without asking the server. Returns the recipient.
 */
export async function breakGlassRecipient(file: string): Promise<string> {
  if (existsSync(file)) {
    const identity = /^AGE-SECRET-KEY-1\S+$/m.exec(readFileSync(file, 'utf8'))?.[0];
    if (identity !== undefined) return identityToRecipient(identity);
  }
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  writeFileSync(file, `# public key: ${recipient}\n${identity}\n`, { mode: 0o600 });
  return recipient;
}
