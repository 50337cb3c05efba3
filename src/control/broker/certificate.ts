import { type KeyObject, randomBytes } from 'node:crypto';
import { publicKeyBlob, signBlob } from '../../recording/signatures/keys.ts';
import { concat, SshReader, sshString, sshUint32, sshUint64 } from '../../recording/signatures/wire.ts';

/** OpenSSH user certificates (openssh-portable, PROTOCOL.certkeys), ed25519 only. */
export const certificateAlgorithm = 'ssh-ed25519-cert-v01@openssh.com';
const userCertificate = 1;

export interface CertificateFacts {
  /** Public half of the key that logs in (ed25519). */
  publicKey: KeyObject;
  /** The authority's private key (ed25519). */
  authority: KeyObject;
  /** Shown in sshd's log: who, for which session, where to. */
  keyId: string;
  principals: string[];
  serial: bigint;
  /** Seconds since 1970; the certificate is good in [validAfter, validBefore). */
  validAfter: number;
  validBefore: number;
}

/**
 * The certificate's blob, as it goes into SSH_MSG_USERAUTH_REQUEST. It permits a pty and nothing else: no forwarding, no agent, no X11, no rc file.
 * Throws `RangeError` without a principal, since OpenSSH reads an empty list as "any".
 */
export function makeUserCertificate(facts: CertificateFacts): Buffer {
  if (facts.principals.length === 0) throw new RangeError('a certificate must name a principal');
  const key = new SshReader(publicKeyBlob(facts.publicKey));
  if (key.text() !== 'ssh-ed25519') throw new TypeError('only ed25519 keys are certified');
  const body = concat(
    sshString(certificateAlgorithm),
    sshString(randomBytes(32)),
    sshString(key.string()),
    sshUint64(facts.serial),
    sshUint32(userCertificate),
    sshString(facts.keyId),
    sshString(concat(...facts.principals.map((name) => sshString(name)))),
    sshUint64(BigInt(facts.validAfter)),
    sshUint64(BigInt(facts.validBefore)),
    // No critical option; one extension, whose data is empty.
    sshString(''),
    sshString(concat(sshString('permit-pty'), sshString(''))),
    sshString(''),
    sshString(publicKeyBlob(facts.authority)),
  );
  return concat(body, sshString(signBlob(facts.authority, body)));
}

/** Text for a certificate's key id: one line, no control characters, bounded, since sshd writes it into its log. */
export function certificateKeyId(facts: { userId: string; sessionId: string; targetName: string }): string {
  return `${facts.userId} ${facts.sessionId} ${facts.targetName}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
