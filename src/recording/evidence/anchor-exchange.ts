import { createHash } from 'node:crypto';
import type { Anchor } from '../../shared/record/anchors.ts';
import { concat, SshReader, sshString } from '../signatures/wire.ts';

/** SSH_MSG_KEXINIT (RFC 4253 section 7.1). */
const kexInitMessage = 20;
/** The initialisation vector of AES-GCM: fixed field and invocation counter (RFC 5647 section 7.1). */
const ivBytes = 12;

/** The key exchange methods that a session may use: the hash of each, and whether shares and K are numbers (mpint) or strings in H. */
const methods: Readonly<Record<string, { hash: string; shares: 'string' | 'mpint' }>> = {
  // RFC 8731; K is a number in all of these.
  'curve25519-sha256': { hash: 'sha256', shares: 'string' },
  'curve25519-sha256@libssh.org': { hash: 'sha256', shares: 'string' },
  // RFC 5656 section 4.
  'ecdh-sha2-nistp256': { hash: 'sha256', shares: 'string' },
  'ecdh-sha2-nistp384': { hash: 'sha384', shares: 'string' },
  'ecdh-sha2-nistp521': { hash: 'sha512', shares: 'string' },
  // RFC 8268.
  'diffie-hellman-group16-sha512': { hash: 'sha512', shares: 'mpint' },
  'diffie-hellman-group18-sha512': { hash: 'sha512', shares: 'mpint' },
};

/** Bytes of the key of a cipher (RFC 5647 under the names of OpenSSH's PROTOCOL). */
const keyBytes: Readonly<Record<string, number>> = { 'aes128-gcm@openssh.com': 16, 'aes256-gcm@openssh.com': 32 };

/** The lists of one side's KEXINIT that say what is used. */
export interface KexInit {
  kex: string[];
  hostKey: string[];
  cipherToTarget: string[];
  cipherFromTarget: string[];
}

/** Reads the payload of a SSH_MSG_KEXINIT; null when it is anything else or has anything behind it. */
export function readKexInit(payload: Uint8Array): KexInit | null {
  try {
    const reader = new SshReader(payload);
    if (reader.byte() !== kexInitMessage) return null;
    reader.take(16);
    const [kex, hostKey, cipherToTarget, cipherFromTarget] = Array.from({ length: 10 }, () =>
      reader.string().toString('latin1').split(','),
    );
    reader.byte();
    reader.uint32();
    if (!reader.atEnd || !kex || !hostKey || !cipherToTarget || !cipherFromTarget) return null;
    return { kex, hostKey, cipherToTarget, cipherFromTarget };
  } catch {
    return null;
  }
}

/** What both sides' lists make (RFC 4253 section 7.1): the client's first that the server has too. */
export function negotiate(
  client: KexInit,
  server: KexInit,
): { kex: string; hostKeyAlgorithm: string; toTarget: string; fromTarget: string } | null {
  // Both lists may be as long as an anchor allows: each name is looked at once.
  const first = (list: keyof KexInit) => {
    const known = new Set(server[list]);
    return client[list].find((name) => known.has(name));
  };
  const [kex, hostKeyAlgorithm] = [first('kex'), first('hostKey')];
  const [toTarget, fromTarget] = [first('cipherToTarget'), first('cipherFromTarget')];
  if (!kex || !hostKeyAlgorithm || !toTarget || !fromTarget) return null;
  return { kex, hostKeyAlgorithm, toTarget, fromTarget };
}

function methodOf(kex: string): { hash: string; shares: 'string' | 'mpint' } | null {
  return Object.hasOwn(methods, kex) ? (methods[kex] ?? null) : null;
}

/** Bytes of H with that method, or null when it is none that a session uses. */
export function exchangeHashBytes(kex: string): number | null {
  const method = methodOf(kex);
  return method === null ? null : createHash(method.hash).digest().length;
}

/** The bytes of a positive mpint have one form (RFC 4251 section 5): no needless zero in front, and none that looks negative. */
function isNumber(bytes: Uint8Array): boolean {
  const [first = 0x80, second = 0] = bytes;
  return first === 0 ? bytes.length > 1 && (second & 0x80) !== 0 : (first & 0x80) === 0;
}

/** H (RFC 4253 section 8) from an anchor's public parts and K, or null when they are not of the method's form. */
export function exchangeHash(anchor: Anchor, secret: Uint8Array): Buffer | null {
  const method = methodOf(anchor.kex);
  if (method === null || !isNumber(secret)) return null;
  const shares = [anchor.clientShare, anchor.serverShare].map(bytesOf);
  if (method.shares === 'mpint' && !shares.every(isNumber)) return null;
  const { clientVersion, serverVersion, clientKexInit, serverKexInit, hostKey } = anchor;
  const parts = [clientVersion, serverVersion, clientKexInit, serverKexInit, hostKey].map(bytesOf);
  const hash = createHash(method.hash);
  for (const part of [...parts, ...shares, secret]) hash.update(sshString(part));
  return hash.digest();
}

export interface DirectionKeys {
  key: Buffer;
  /** The vector of the first packet under the key; each further packet counts its last eight bytes up by one. */
  iv: Buffer;
}

/**
 * The keys that an exchange made (RFC 4253 section 7.2), of each direction from its NEWKEYS on. Throws `TypeError` for a method or cipher that no
 * session uses.
 */
export function exchangeKeys(
  anchor: Anchor,
  secret: Uint8Array,
): { toTarget: DirectionKeys; fromTarget: DirectionKeys } {
  const method = methodOf(anchor.kex);
  const sizes = [anchor.cipher.toTarget, anchor.cipher.fromTarget].map((name) => keyBytes[name]);
  const [toTarget, fromTarget] = sizes;
  if (method === null || toTarget === undefined || fromTarget === undefined)
    throw new TypeError('not an exchange that a session makes');
  const common = concat(sshString(secret), bytesOf(anchor.exchangeHash));
  const sessionId = bytesOf(anchor.sshSessionId);
  // No key is longer than a hash: the extension of section 7.2 is never needed.
  const part = (letter: string, bytes: number) =>
    createHash(method.hash).update(common).update(letter).update(sessionId).digest().subarray(0, bytes);
  const keys = {
    toTarget: { iv: part('A', ivBytes), key: part('C', toTarget) },
    fromTarget: { iv: part('B', ivBytes), key: part('D', fromTarget) },
  };
  common.fill(0);
  return keys;
}

export function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
