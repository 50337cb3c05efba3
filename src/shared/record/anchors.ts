import { z } from 'zod';
import { anchorSubjectSchema, digestSchema } from './manifest.ts';

/**
 * An anchor: one key re-exchange in whose SSH_MSG_KEXINIT the launcher named a digest, so that the target's host key has signed for it (RFC 4253 sections 7
 * and 8: H covers the client's whole KEXINIT). JSON, one object in one line, stored as `NNNNNN.anchor`. What it proves, and how to check it:
 * docs/recording-format.md, Evidence.
 */
export const anchorVersion = 1;

export function anchorFile(seq: number): string {
  return `${String(seq).padStart(6, '0')}.anchor`;
}

/** A kept anchor is never larger; what claims more is refused. */
export const anchorBytesAtMost = 65_536;

/** The name that carries a digest among the key exchange names of a KEXINIT: 43 characters of unpadded base64url, then this. No server chooses it. */
export const anchorNameSuffix = '@sallyport';
export const anchorNamePattern = /^[A-Za-z0-9_-]{43}@sallyport$/;

const base64 = z.base64();

export const anchorSchema = z.strictObject({
  'sallyport-anchor': z.literal(anchorVersion),
  session: z.string(),
  seq: z.number().int().nonnegative(),
  subject: anchorSubjectSchema,
  /** As in the manifest's anchor line. */
  lines: z.number().int().nonnegative(),
  /** Hex; of the grant's payload, or of those lines. Its base64url is the name in the client's KEXINIT. */
  digest: digestSchema,
  /** Who began the exchange. */
  startedBy: z.enum(['launcher', 'target']),
  /** The negotiated names. */
  kex: z.string(),
  hostKeyAlgorithm: z.string(),
  cipher: z.object({ toTarget: z.string(), fromTarget: z.string() }),
  /** H of the connection's first exchange (RFC 4253 section 7.2), from which keys are derived. */
  sshSessionId: base64,
  /** V_C and V_S, without CR LF. */
  clientVersion: base64,
  serverVersion: base64,
  /** I_C and I_S: the payloads of both SSH_MSG_KEXINIT. */
  clientKexInit: base64,
  serverKexInit: base64,
  /** K_S, and both public shares as they go into H: Q_C and Q_S (strings) or e and f (the bytes of the mpints). */
  hostKey: base64,
  clientShare: base64,
  serverShare: base64,
  /** The host key's signature blob over H. */
  signature: base64,
  /** H, as the launcher computed it. True only when it follows from all of the above and the secret. */
  exchangeHash: base64,
  /**
   * The shared secret K (the bytes of the mpint, or of the string where the method has one), sealed with age for the readers of output and that
   * again for the readers of input: K opens both directions, so it takes both.
   */
  secret: base64,
});
export type Anchor = z.infer<typeof anchorSchema>;
