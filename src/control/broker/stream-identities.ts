import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import type { KeyedStream } from '../../shared/model/recording.ts';
import type { Wrapping } from './vault/wrapping.ts';

/** The age pair of one stream of one recording (recording.md, Keys): X25519, which every age since 1.0 reads. */
export interface StreamKey {
  recipient: string;
  /** The identity, wrapped for exactly this session and stream. */
  wrapped: string;
}

function contextOf(sessionId: string, stream: KeyedStream): string {
  return `stream identity ${sessionId} ${stream}`;
}

export async function makeStreamKey(wrapping: Wrapping, sessionId: string, stream: KeyedStream): Promise<StreamKey> {
  const identity = await generateX25519Identity();
  return {
    recipient: await identityToRecipient(identity),
    wrapped: wrapping.wrap(contextOf(sessionId, stream), Buffer.from(identity, 'utf8')),
  };
}

/** The identity as an age file that only `recipient` opens; base64. Throws SP-5006 when the wrapped text is not this vault's. */
export async function sealStreamKey(
  wrapping: Wrapping,
  options: { sessionId: string; stream: KeyedStream; wrapped: string; recipient: string },
): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(options.recipient);
  const identity = wrapping.unwrap(contextOf(options.sessionId, options.stream), options.wrapped);
  try {
    return Buffer.from(await encrypter.encrypt(identity)).toString('base64');
  } finally {
    identity.fill(0);
  }
}
