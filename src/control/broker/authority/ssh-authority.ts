import type { KeyObject } from 'node:crypto';

/** What a certificate is asked for. It will permit a pty and nothing else. */
export interface CertificateRequest {
  /** Public half of the key that logs in (ed25519). */
  publicKey: KeyObject;
  /** Shown in sshd's log: who, for which session, where to. */
  keyId: string;
  /** At least one: OpenSSH reads an empty list as "any". */
  principals: string[];
  /** Seconds since 1970; the certificate is good in [validAfter, validBefore). An authority may make it shorter, never longer. */
  validAfter: number;
  validBefore: number;
}

/** The SSH certificate authority that targets trust. Its private key may be here or in a vault that signs. */
export interface SshAuthority {
  /** OpenSSH line. */
  readonly publicKey: string;
  /** The certificate's blob, checked against what was asked. Throws SP-5006. */
  certify(request: CertificateRequest): Promise<Buffer>;
}
