import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { concat, SshReader, sshMpint, sshString } from './wire.ts';

/**
 * OpenSSH public keys of the kinds Sallyport meets: ssh-ed25519 (RFC 8709), ecdsa-sha2-nistp256/384/521 (RFC 5656), ssh-rsa with SHA-2 signatures (RFC 8332; verifying
 * only). A "line" is `algorithm base64` without comment.
 */
const curves = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', jwk: 'P-256', size: 32, hash: 'sha256' },
  'ecdsa-sha2-nistp384': { name: 'nistp384', jwk: 'P-384', size: 48, hash: 'sha384' },
  'ecdsa-sha2-nistp521': { name: 'nistp521', jwk: 'P-521', size: 66, hash: 'sha512' },
} as const;
type CurveAlgorithm = keyof typeof curves;

function isCurveAlgorithm(name: string): name is CurveAlgorithm {
  return Object.hasOwn(curves, name);
}

function fixed(value: string, size: number): Buffer {
  const bytes = Buffer.from(value, 'base64url');
  return Buffer.concat([Buffer.alloc(size - bytes.length), bytes]);
}

/** The public key blob (RFC 4253 section 6.6) of an ed25519 or ECDSA key, private or public. Throws `TypeError` for other kinds. */
export function publicKeyBlob(key: KeyObject): Buffer {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && jwk.x !== undefined)
    return concat(sshString('ssh-ed25519'), sshString(Buffer.from(jwk.x, 'base64url')));
  for (const [algorithm, curve] of Object.entries(curves)) {
    if (jwk.kty !== 'EC' || jwk.crv !== curve.jwk || jwk.x === undefined || jwk.y === undefined) continue;
    const point = concat(Buffer.from([4]), fixed(jwk.x, curve.size), fixed(jwk.y, curve.size));
    return concat(sshString(algorithm), sshString(curve.name), sshString(point));
  }
  throw new TypeError('only ed25519 and NIST curve keys have an OpenSSH form here');
}

/** `algorithm base64` of a key. */
export function publicKeyLine(key: KeyObject): string {
  return lineOfBlob(publicKeyBlob(key));
}

export function lineOfBlob(blob: Uint8Array): string {
  return `${new SshReader(blob).text()} ${Buffer.from(blob).toString('base64')}`;
}

/** The blob of a line; a comment is ignored. Throws `TypeError` when the text is not a public key line. */
export function blobOfLine(line: string): Buffer {
  const [algorithm, encoded] = line.trim().split(/\s+/);
  const blob = Buffer.from(encoded ?? '', 'base64');
  if (algorithm === undefined || blob.length < 8 || new SshReader(blob).text() !== algorithm)
    throw new TypeError('not an OpenSSH public key');
  return blob;
}

/** `SHA256:...` as ssh-keygen -l prints it. */
export function fingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** The node key of a blob. Throws `TypeError` for an unknown kind. */
export function keyOfBlob(blob: Uint8Array): KeyObject {
  const reader = new SshReader(blob);
  const algorithm = reader.text();
  if (algorithm === 'ssh-ed25519') {
    return createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: reader.string().toString('base64url') },
    });
  }
  if (algorithm === 'ssh-rsa') {
    const e = reader.string().toString('base64url');
    const n = stripZeros(reader.string()).toString('base64url');
    return createPublicKey({ format: 'jwk', key: { kty: 'RSA', e, n } });
  }
  if (!isCurveAlgorithm(algorithm)) throw new TypeError('unknown key algorithm');
  const curve = curves[algorithm];
  if (reader.text() !== curve.name) throw new TypeError('curve name does not match the algorithm');
  const point = reader.string();
  if (point.length !== 1 + 2 * curve.size || point[0] !== 4) throw new TypeError('not an uncompressed point');
  const x = point.subarray(1, 1 + curve.size).toString('base64url');
  const y = point.subarray(1 + curve.size).toString('base64url');
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: curve.jwk, x, y } });
}

function stripZeros(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  return bytes.subarray(start);
}

/** Signs and wraps as an SSH signature blob: string algorithm, string signature (RFC 8709, RFC 5656 section 3.1.2). */
export function signBlob(privateKey: KeyObject, message: Uint8Array): Buffer {
  const algorithm = new SshReader(publicKeyBlob(privateKey)).text();
  if (algorithm === 'ssh-ed25519') return concat(sshString(algorithm), sshString(sign(null, message, privateKey)));
  if (!isCurveAlgorithm(algorithm)) throw new TypeError('cannot sign with this kind of key');
  const curve = curves[algorithm];
  const raw = sign(curve.hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return concat(
    sshString(algorithm),
    sshString(concat(sshMpint(raw.subarray(0, curve.size)), sshMpint(raw.subarray(curve.size)))),
  );
}

/** True when `signature` (an SSH signature blob) is `keyBlob`'s over `message`. ssh-rsa with SHA-1 is never accepted. Never throws. */
export function verifyBlob(keyBlob: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const reader = new SshReader(signature);
    const algorithm = reader.text();
    const body = reader.string();
    if (!reader.atEnd) return false;
    const kind = new SshReader(keyBlob).text();
    const key = keyOfBlob(keyBlob);
    if (kind === 'ssh-rsa') {
      if (algorithm !== 'rsa-sha2-256' && algorithm !== 'rsa-sha2-512') return false;
      return verify(algorithm === 'rsa-sha2-256' ? 'sha256' : 'sha512', message, key, body);
    }
    if (algorithm !== kind) return false;
    if (kind === 'ssh-ed25519') return verify(null, message, key, body);
    if (!isCurveAlgorithm(kind)) return false;
    const curve = curves[kind];
    const numbers = new SshReader(body);
    const r = stripZeros(numbers.string());
    const s = stripZeros(numbers.string());
    if (!numbers.atEnd || r.length > curve.size || s.length > curve.size) return false;
    const raw = concat(Buffer.alloc(curve.size - r.length), r, Buffer.alloc(curve.size - s.length), s);
    return verify(curve.hash, message, { key, dsaEncoding: 'ieee-p1363' }, raw);
  } catch {
    return false;
  }
}
