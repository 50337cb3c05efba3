import { identityToRecipient } from 'age-encryption';
import { SallyportError } from '../../shared/errors/result.ts';
import { keyedStreamSchema } from '../../shared/model/recording.ts';
import type { ManifestHeader } from '../../shared/record/manifest.ts';
import type { Identities } from './source.ts';

const identityPattern = /^AGE-SECRET-KEY-(1|PQ-1)[0-9A-Z]+$/;

/** The identities of an age key file: a line each; empty lines and those that begin with # are skipped. Throws SP-3030 for anything else. */
export function parseIdentityFile(text: string, name: string): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0 || !lines.every((line) => identityPattern.test(line)))
    throw new SallyportError(
      'SP-3030',
      `${name} is no file of age identities: it may hold lines that begin with AGE-SECRET-KEY- and comments, nothing else. Make one with age-keygen, or name another.`,
    );
  return lines;
}

/** Which of these identities opens which stream: the one whose recipient the manifest names there. What fits nothing is left out. */
export async function identitiesFor(header: ManifestHeader, identities: readonly string[]): Promise<Identities> {
  const fitting: Identities = {};
  for (const identity of identities) {
    const recipient = await identityToRecipient(identity).catch(() => null);
    if (recipient === null) continue;
    for (const stream of keyedStreamSchema.options)
      if (header.recipients[stream].includes(recipient)) fitting[stream] ??= identity;
  }
  return fitting;
}
