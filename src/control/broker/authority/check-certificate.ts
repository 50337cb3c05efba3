import { publicKeyBlob, verifyBlob } from '../../../recording/signatures/keys.ts';
import { concat, SshReader, sshString } from '../../../recording/signatures/wire.ts';
import { certificateAlgorithm } from '../certificate.ts';
import type { CertificateRequest } from './ssh-authority.ts';

/** Every check has a name: it is what the audit event says. */
export type CertificateCheck =
  | 'shape'
  | 'algorithm'
  | 'key'
  | 'type'
  | 'key-id'
  | 'principals'
  | 'validity'
  | 'critical-options'
  | 'extensions'
  | 'authority'
  | 'signature';

const userCertificate = 1;
/** The extensions as they are packed: one name, with empty data. */
const permitPty = concat(sshString('permit-pty'), sshString(''));

function strings(packed: Buffer): string[] {
  const reader = new SshReader(packed);
  const found: string[] = [];
  while (!reader.atEnd) found.push(reader.text());
  return found;
}

/** Good now, and not longer than asked: the vault's clock may be off by what it subtracts from the beginning, and the end moves with it. */
function isGood(validAfter: bigint, validBefore: bigint, asked: CertificateRequest, now: number): boolean {
  const life = BigInt(asked.validBefore - asked.validAfter);
  return (
    validBefore > validAfter &&
    validBefore - validAfter <= life &&
    validAfter <= BigInt(now) &&
    validBefore > BigInt(now)
  );
}

/**
 * Whether a certificate (blob; openssh-portable, PROTOCOL.certkeys) is exactly what was asked of an authority: null, or the name of the first check that
 * fails. `authority` is the pinned public key's blob, `now` seconds since 1970. Pure; never throws.
 */
export function checkCertificate(
  blob: Uint8Array,
  asked: CertificateRequest,
  { authority, now }: { authority: Buffer; now: number },
): CertificateCheck | null {
  try {
    const reader = new SshReader(blob);
    if (reader.text() !== certificateAlgorithm) return 'algorithm';
    reader.string();
    const key = new SshReader(publicKeyBlob(asked.publicKey));
    key.text();
    if (!reader.string().equals(key.string())) return 'key';
    reader.uint64();
    if (reader.uint32() !== userCertificate) return 'type';
    if (reader.text() !== asked.keyId) return 'key-id';
    const principals = strings(reader.string());
    const same =
      principals.length === asked.principals.length && principals.every((name, at) => name === asked.principals[at]);
    // An empty list would mean anybody.
    if (!same || principals.length === 0) return 'principals';
    if (!isGood(reader.uint64(), reader.uint64(), asked, now)) return 'validity';
    if (reader.string().length > 0) return 'critical-options';
    if (!reader.string().equals(permitPty)) return 'extensions';
    if (reader.string().length > 0) return 'shape';
    if (!reader.string().equals(authority)) return 'authority';
    const signed = Buffer.from(blob).subarray(0, blob.length - reader.rest.length);
    const signature = reader.string();
    if (!reader.atEnd) return 'shape';
    return verifyBlob(authority, signed, signature) ? null : 'signature';
  } catch {
    return 'shape';
  }
}
