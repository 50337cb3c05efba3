import { createHash, type KeyObject } from 'node:crypto';
import { blobOfLine, publicKeyBlob, signBlob, verifyBlob } from './keys.ts';
import { concat, SshReader, sshString, sshUint32 } from './wire.ts';

/**
 * OpenSSH's detached signatures (openssh-portable, PROTOCOL.sshsig), so that `ssh-keygen -Y verify` checks what we sign. Version 1, SHA-512.
 */
const magic = Buffer.from('SSHSIG');
const begin = '-----BEGIN SSH SIGNATURE-----';
const end = '-----END SSH SIGNATURE-----';

function signedData(namespace: string, message: Uint8Array): Buffer {
  const digest = createHash('sha512').update(message).digest();
  return concat(magic, sshString(namespace), sshString(''), sshString('sha512'), sshString(digest));
}

/** Signs text (UTF-8) or bytes; returns the armoured signature with a final newline. `privateKey`: ed25519 or a NIST curve. */
export function signSsh(options: { privateKey: KeyObject; namespace: string; message: Uint8Array | string }): string {
  const message = typeof options.message === 'string' ? Buffer.from(options.message, 'utf8') : options.message;
  const blob = concat(
    magic,
    sshUint32(1),
    sshString(publicKeyBlob(options.privateKey)),
    sshString(options.namespace),
    sshString(''),
    sshString('sha512'),
    sshString(signBlob(options.privateKey, signedData(options.namespace, message))),
  );
  return armoured(blob);
}

/** The one form of a signature's text, as ssh-keygen writes it. */
function armoured(blob: Uint8Array): string {
  const lines =
    Buffer.from(blob)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return `${begin}\n${lines.join('\n')}\n${end}\n`;
}

/**
 * True when the armoured `signature` is by exactly `publicKey` (an OpenSSH line), for `namespace`, over `message`. Its text must be in its one form: a reader of
 * base64 skips what is none, so that a changed text could pass for the same signature. Never throws.
 */
export function verifySsh(options: {
  publicKey: string;
  namespace: string;
  message: Uint8Array | string;
  signature: string;
}): boolean {
  try {
    const message = typeof options.message === 'string' ? Buffer.from(options.message, 'utf8') : options.message;
    const text = options.signature;
    const blob = Buffer.from(text.slice(begin.length, -end.length - 1).replaceAll('\n', ''), 'base64');
    if (text !== armoured(blob)) return false;
    const reader = new SshReader(blob);
    if (!reader.take(magic.length).equals(magic) || reader.uint32() !== 1) return false;
    const key = reader.string();
    const namespace = reader.text();
    const reserved = reader.string();
    const hash = reader.text();
    const signature = reader.string();
    if (!reader.atEnd || reserved.length !== 0 || hash !== 'sha512' || namespace !== options.namespace) return false;
    if (!key.equals(blobOfLine(options.publicKey))) return false;
    return verifyBlob(key, signedData(namespace, message), signature);
  } catch {
    return false;
  }
}
