import type { Client } from 'ssh2';
import { concat, sshString } from '../../recording/signatures/wire.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { GrantCredential } from '../../shared/protocol/signed.ts';
import { type ExchangeProof, keepFirstExchange, protocolOf, sendPayload } from '../../ssh/ssh2-internals.ts';
import type { LoginContext, LoginWay } from './login-way.ts';

/** SSH_MSG_USERAUTH_REQUEST (RFC 4252 section 6). */
const userauthRequest = 50;

/** Logs in by the broker's signature under the grant's certificate. */
export function certificateWay(
  context: LoginContext,
  credential: Extract<GrantCredential, { kind: 'certificate' }>,
): LoginWay {
  const { grant, wire } = context;
  return {
    config: { authHandler: [{ type: 'none', username: grant.login }], ident: 'Sallyport' },
    stream: wire.stream,
    attach: (client) =>
      loginByCertificate(client, {
        user: grant.login,
        algorithm: credential.algorithm,
        certificate: Buffer.from(credential.certificate, 'base64'),
        sign: context.sign,
        failed: context.failed,
      }),
    refused:
      'The target did not accept the login. Its owner must trust the certificate authority for this login, and the clocks of target and control server must agree: the certificate holds for a few minutes. Ask the owner or your administrator.',
  };
}

/** The bytes that a public-key login signs, without the session id in front (RFC 4252 section 7; PROTOCOL.certkeys for the names). */
function loginRequest(login: CertificateLogin): Buffer {
  return concat(
    Buffer.from([userauthRequest]),
    sshString(login.user),
    sshString('ssh-connection'),
    sshString('publickey'),
    Buffer.from([1]),
    sshString(login.algorithm),
    sshString(login.certificate),
  );
}

export interface CertificateLogin {
  user: string;
  /** e.g. ssh-ed25519-cert-v01@openssh.com */
  algorithm: string;
  certificate: Uint8Array;
  /** Asks for the signature blob (string algorithm, string signature) over `toSign`. Called once. */
  sign(proof: ExchangeProof, toSign: Buffer): Promise<Uint8Array>;
  /** The signature could not be had. */
  failed(error: unknown): void;
}

/**
 * Makes a client that has just been told to connect log in by certificate, with somebody else's signature. The client must be configured with the
 * one login method `none`: where ssh2 would send that request, this one is sent. No private key, not even a throw-away one, is in this process.
 * Throws SP-9001 when ssh2 is not as expected.
 */
export function loginByCertificate(client: Client, login: CertificateLogin): void {
  const protocol = protocolOf(client);
  const firstExchange = keepFirstExchange(protocol);
  let asked = false;

  async function request(): Promise<void> {
    const proof = firstExchange();
    if (proof === null)
      throw new SallyportError(
        'SP-9001',
        'The key exchange left no proof of the host key. The login was not made. Reinstall Sallyport.',
      );
    const body = loginRequest(login);
    const signature = await login.sign(proof, concat(sshString(proof.sessionId), body));
    protocol._authsQueue.push('publickey');
    sendPayload(protocol, concat(body, sshString(signature)));
  }

  protocol.authNone = () => {
    // One signature for one login: ssh2 asks again after a refusal only if its list of methods says so, and then nothing must go out.
    if (asked)
      return login.failed(
        new SallyportError('SP-2040', 'The target asked for the login a second time. The session was not opened.'),
      );
    asked = true;
    request().catch(login.failed);
  };
  protocol.authPK = () =>
    login.failed(new SallyportError('SP-9001', 'A login by a key of this machine was asked for. It was not made.'));
}
