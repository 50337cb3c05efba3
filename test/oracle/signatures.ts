import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { must, sshString, Walk } from './bytes.ts';

const curves: Record<string, { crv: string; size: number; hash: string }> = {
  'ecdsa-sha2-nistp256': { crv: 'P-256', size: 32, hash: 'sha256' },
  'ecdsa-sha2-nistp384': { crv: 'P-384', size: 48, hash: 'sha384' },
  'ecdsa-sha2-nistp521': { crv: 'P-521', size: 66, hash: 'sha512' },
};

export function blobOf(line: string): Buffer {
  return Buffer.from(line.split(' ')[1] ?? '', 'base64');
}

/** A number as JWK wants it: without the zero that an mpint may have in front. */
function bare(mpint: Buffer): Buffer {
  return mpint[0] === 0 ? mpint.subarray(1) : mpint;
}

function keyOf(blob: Buffer): KeyObject {
  const walk = new Walk(blob);
  const kind = walk.text();
  if (kind === 'ssh-ed25519')
    return createPublicKey({
      format: 'jwk',
      key: { kty: 'OKP', crv: 'Ed25519', x: walk.string().toString('base64url') },
    });
  if (kind === 'ssh-rsa') {
    const [e, n] = [bare(walk.string()).toString('base64url'), bare(walk.string()).toString('base64url')];
    return createPublicKey({ format: 'jwk', key: { kty: 'RSA', e, n } });
  }
  const curve = curves[kind];
  must(curve !== undefined, `a key of kind ${kind}`);
  walk.string();
  const point = walk.string();
  const [x, y] = [point.subarray(1, 1 + curve.size), point.subarray(1 + curve.size)].map((part) =>
    part.toString('base64url'),
  );
  return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: curve.crv, x, y } });
}

/** Verifies a signature blob (string algorithm, string signature) of a host key or in an armoured signature. */
export function verifyBlob(keyBlob: Buffer, message: Uint8Array, signature: Buffer): boolean {
  const walk = new Walk(signature);
  const algorithm = walk.text();
  const value = walk.string();
  const key = keyOf(keyBlob);
  if (algorithm === 'ssh-ed25519') return verify(null, message, key, value);
  if (algorithm === 'rsa-sha2-256' || algorithm === 'rsa-sha2-512')
    return verify(algorithm === 'rsa-sha2-256' ? 'sha256' : 'sha512', message, key, value);
  const curve = curves[algorithm];
  must(curve !== undefined, `a signature of kind ${algorithm}`);
  const numbers = new Walk(value);
  const raw = [bare(numbers.string()), bare(numbers.string())].map((part) =>
    Buffer.concat([Buffer.alloc(curve.size - part.length), part]),
  );
  return verify(curve.hash, message, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat(raw));
}

/** PROTOCOL.sshsig, version 1. */
export function mustBeSigned(text: string, signature: string, line: string, namespace: string): void {
  const walk = new Walk(Buffer.from(signature.replace(/-----[A-Z ]+-----/g, ''), 'base64'));
  must(walk.take(6).toString() === 'SSHSIG' && walk.uint32() === 1, `${namespace}: no SSH signature`);
  const key = walk.string();
  must(key.equals(blobOf(line)), `${namespace}: signed by another key`);
  must(walk.text() === namespace, `${namespace}: signed for something else`);
  must(walk.string().length === 0 && walk.text() === 'sha512', `${namespace}: signed in another form`);
  const digest = createHash('sha512').update(text).digest();
  const signed = ['', 'sha512'].map(sshString);
  const message = Buffer.concat([Buffer.from('SSHSIG'), sshString(namespace), ...signed, sshString(digest)]);
  must(verifyBlob(key, message, walk.string()), `${namespace}: the signature does not hold`);
}
