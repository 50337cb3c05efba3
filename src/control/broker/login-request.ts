import { verifyBlob } from '../../recording/signatures/keys.ts';
import { SshReader } from '../../recording/signatures/wire.ts';
import { certificateAlgorithm } from './certificate.ts';

/** What a launcher asks the broker to sign, and what the server knows about that session. Pure: bytes in, verdict out. */
export interface LoginRequest {
  /** H of the first key exchange (RFC 4253 section 7.2). */
  sshSessionId: Buffer;
  /** K_S, the host key's blob. */
  hostKey: Buffer;
  /** The host's signature over H. */
  hostSignature: Buffer;
  /** The bytes of RFC 4252 section 7. */
  toSign: Buffer;
}

export interface LoginExpectation {
  hostKeys: Buffer[];
  login: string;
  certificate: Buffer;
}

/** Every check has a name: it is what the audit event says. */
export type LoginCheck =
  | 'host-key'
  | 'host-signature'
  | 'request-shape'
  | 'request-session-id'
  | 'request-user'
  | 'request-service'
  | 'request-method'
  | 'request-algorithm'
  | 'request-certificate';

const userauthRequest = 50;

function checkBytes(request: LoginRequest, expected: LoginExpectation): LoginCheck | null {
  const reader = new SshReader(request.toSign);
  if (!reader.string().equals(request.sshSessionId)) return 'request-session-id';
  if (reader.byte() !== userauthRequest) return 'request-method';
  if (!reader.string().equals(Buffer.from(expected.login, 'utf8'))) return 'request-user';
  if (reader.text() !== 'ssh-connection') return 'request-service';
  if (reader.text() !== 'publickey') return 'request-method';
  // RFC 4251 section 5 lets any non-zero byte mean TRUE; what is signed here must be the one value that is sent.
  if (reader.byte() !== 1) return 'request-method';
  if (reader.text() !== certificateAlgorithm) return 'request-algorithm';
  if (!reader.string().equals(expected.certificate)) return 'request-certificate';
  return reader.atEnd ? null : 'request-shape';
}

/**
 * Whether one of the expected host keys has signed this SSH session id: then the one who asks is in a key exchange with the target itself. Null when
 * it holds.
 */
export function checkHost(
  proof: Pick<LoginRequest, 'sshSessionId' | 'hostKey' | 'hostSignature'>,
  expected: readonly Buffer[],
): 'host-key' | 'request-session-id' | 'host-signature' | null {
  if (!expected.some((key) => key.equals(proof.hostKey))) return 'host-key';
  if (proof.sshSessionId.length < 20 || proof.sshSessionId.length > 64) return 'request-session-id';
  return verifyBlob(proof.hostKey, proof.sshSessionId, proof.hostSignature) ? null : 'host-signature';
}

/**
 * The checks of one login (protocol.md, `login-signature`), in order; null when all hold, else the name of the first that does not. The host's
 * signature over the session id is what ties the login to a connection with the expected machine: without it a launcher could ask for a
 * signature that logs in somewhere else. Ed25519 host keys of a weak form are no way around: the key itself must be one of the expected.
 */
export function checkLoginRequest(request: LoginRequest, expected: LoginExpectation): LoginCheck | null {
  const host = checkHost(request, expected.hostKeys);
  if (host !== null) return host;
  try {
    return checkBytes(request, expected);
  } catch {
    return 'request-shape';
  }
}

const words: Record<LoginCheck, string> = {
  'host-key': 'the host key is not one of those expected for this target',
  'host-signature': "the target's signature does not cover this connection",
  'request-shape': 'the bytes to sign are not a whole SSH login request',
  'request-session-id': 'the bytes to sign belong to another SSH connection',
  'request-user': 'the bytes to sign name another login',
  'request-service': 'the bytes to sign ask for another service than a connection',
  'request-method': 'the bytes to sign are not a public key login',
  'request-algorithm': 'the bytes to sign name another algorithm than the certificate has',
  'request-certificate': 'the bytes to sign carry another certificate than the one issued',
};

/** A check in words, for "the broker did not sign: ...". */
export function describeCheck(check: LoginCheck): string {
  return words[check];
}
