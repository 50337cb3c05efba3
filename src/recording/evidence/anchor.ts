import { SallyportError } from '../../shared/errors/result.ts';
import {
  type Anchor,
  anchorBytesAtMost,
  anchorNamePattern,
  anchorNameSuffix,
  anchorSchema,
} from '../../shared/record/anchors.ts';
import type { AnchorSubject } from '../../shared/record/manifest.ts';
import { ageOpen, ageSeal } from '../codecs/age.ts';
import { blobOfLine, verifyBlob } from '../signatures/keys.ts';
import { SshReader } from '../signatures/wire.ts';
import { bytesOf, exchangeHash, exchangeHashBytes, negotiate, readKexInit } from './anchor-exchange.ts';

export { exchangeKeys } from './anchor-exchange.ts';

/** The name among the key exchange names of a KEXINIT that carries a digest (hex SHA-256). */
export function anchorName(digest: string): string {
  return `${Buffer.from(digest, 'hex').toString('base64url')}${anchorNameSuffix}`;
}

/** An anchor's file: one line of JSON, keys in the schema's order, with a line feed. */
export function formatAnchor(anchor: Anchor): Buffer {
  return Buffer.from(`${JSON.stringify(anchorSchema.parse(anchor))}\n`, 'utf8');
}

/** Reads an anchor's file. Throws SP-3030 when it is not an anchor of version 1 in its only form. */
export function parseAnchor(bytes: Uint8Array): Anchor {
  const text = bytes.length > anchorBytesAtMost ? '' : Buffer.from(bytes).toString('utf8');
  const parsed = anchorSchema.safeParse(parseJson(text));
  if (!parsed.success || !formatAnchor(parsed.data).equals(bytes) || !canonical(parsed.data))
    throw new SallyportError(
      'SP-3030',
      'A file of the recording is not an anchor of version 1: it was changed, or cut off. Get the recording from its store again.',
    );
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** base64 has spare bits at its end, which must be zero. */
function canonical(anchor: Anchor): boolean {
  const { sshSessionId, clientVersion, serverVersion, clientKexInit, serverKexInit } = anchor;
  const { hostKey, clientShare, serverShare, signature, exchangeHash: hash, secret } = anchor;
  const values = [sshSessionId, clientVersion, serverVersion, clientKexInit, serverKexInit, hostKey, clientShare];
  return [...values, serverShare, signature, hash, secret].every((text) => bytesOf(text).toString('base64') === text);
}

/** Seals K for the field `secret`: an age file for the readers of output, inside one for the readers of input. Throws SP-3011 without recipients. */
export async function sealAnchorSecret(
  secret: Uint8Array,
  recipients: { output: readonly string[]; input: readonly string[] },
): Promise<string> {
  const inner = await ageSeal(secret, recipients.output);
  return Buffer.from(await ageSeal(inner, recipients.input)).toString('base64');
}

/** K of an anchor, with one identity of each stream. Throws SP-3030 when it does not open. It proves nothing before `checkAnchorSecret`. */
export async function openAnchorSecret(anchor: Anchor, identities: { output: string; input: string }): Promise<Buffer> {
  const inner = await ageOpen(bytesOf(anchor.secret), identities.input);
  return Buffer.from(await ageOpen(inner, identities.output));
}

/** What an anchor must say, from the manifest's line and the grant. */
export interface AnchorClaims {
  session: string;
  seq: number;
  subject: AnchorSubject;
  lines: number;
  /** Hex: of the grant's payload, or of the manifest's first `lines` lines. */
  digest: string;
  /** OpenSSH lines, of the grant. */
  hostKeys: readonly string[];
}

/**
 * Checks what can be seen without K: that the anchor is the one that the manifest names, that the client's KEXINIT carries the digest and nothing else of the
 * kind, that the named algorithms are what both lists make, and that one of the grant's host keys has signed the hash that the anchor claims. That the
 * hash is of these values, only `checkAnchorSecret` can tell. Returns what does not hold, in words, or null. Never throws.
 */
export function checkAnchorClaims(anchor: Anchor, claims: AnchorClaims): string | null {
  if (anchor.session !== claims.session) return 'it is of another session';
  if (anchor.seq !== claims.seq) return 'it has another number';
  if (anchor.subject !== claims.subject) return 'it is for something else than the manifest says';
  if (anchor.lines !== claims.lines) return 'it covers another number of lines than the manifest says';
  if (anchor.digest !== claims.digest)
    return claims.subject === 'grant' ? 'it names another grant' : 'it names another manifest';
  const client = readKexInit(bytesOf(anchor.clientKexInit));
  const server = readKexInit(bytesOf(anchor.serverKexInit));
  if (client === null || server === null) return 'it holds what is no key exchange';
  const names = client.kex.filter((name) => anchorNamePattern.test(name));
  if (names.length !== 1 || names[0] !== anchorName(claims.digest)) return 'its key exchange does not carry the digest';
  const agreed = negotiate(client, server);
  if (
    agreed?.kex !== anchor.kex ||
    agreed.hostKeyAlgorithm !== anchor.hostKeyAlgorithm ||
    agreed.toTarget !== anchor.cipher.toTarget ||
    agreed.fromTarget !== anchor.cipher.fromTarget
  )
    return 'its algorithms are not those that its key exchange makes';
  const hostKey = bytesOf(anchor.hostKey);
  if (!claims.hostKeys.some((line) => isKey(line, hostKey))) return "its host key is none of the grant's";
  const hash = bytesOf(anchor.exchangeHash);
  if (hash.length !== exchangeHashBytes(anchor.kex)) return 'its hash is not of the length that the exchange makes';
  return signed(anchor, hash) ? null : 'the host key did not sign its hash';
}

/** Rebuilds H with K and checks the host key's signature over it. Returns what does not hold, in words, or null. Never throws. */
export function checkAnchorSecret(anchor: Anchor, secret: Uint8Array): string | null {
  const hash = exchangeHash(anchor, secret);
  if (hash === null) return 'its secret or shares are not of the form that its exchange has';
  if (!hash.equals(bytesOf(anchor.exchangeHash))) return 'its hash does not follow from its values and its secret';
  return signed(anchor, hash) ? null : 'the host key did not sign its values';
}

function isKey(line: string, blob: Buffer): boolean {
  try {
    return blobOfLine(line).equals(blob);
  } catch {
    return false;
  }
}

/** The signature names the algorithm that was agreed, and is the host key's over the hash. */
function signed(anchor: Anchor, hash: Uint8Array): boolean {
  try {
    const signature = bytesOf(anchor.signature);
    if (new SshReader(signature).text() !== anchor.hostKeyAlgorithm) return false;
    return verifyBlob(bytesOf(anchor.hostKey), hash, signature);
  } catch {
    return false;
  }
}
