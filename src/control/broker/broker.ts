import { blobOfLine } from '../../recording/signatures/keys.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { KeyedStream } from '../../shared/model/recording.ts';
import type { CoreContext } from '../context.ts';
import { CertificateRefused } from './authority/openbao-authority.ts';
import { certificateKeyId } from './certificate.ts';
import { makeLoginKeys } from './login-keys.ts';
import { checkLoginRequest, describeCheck, type LoginCheck, type LoginRequest } from './login-request.ts';
import { makeStoredLoginKeys } from './stored-login-keys.ts';
import { makeStreamKey, type StreamKey, sealStreamKey } from './stream-identities.ts';
import { openWrapping } from './vault/wrapping.ts';

/** How long a login certificate and its key live: enough to connect and log in, useless soon after. */
export const certificateMinutes = 3;
/** Clocks of targets are not exactly ours. */
const skewSeconds = 60;

export interface Broker {
  /** The certificate authority's public key (OpenSSH line): targets name it in TrustedUserCAKeys. */
  readonly authority: string;
  /**
   * Makes the login key of a session and has it certified. The key stays with the broker. Resolves to the certificate's blob. Throws SP-5006, and
   * then holds no key.
   */
  certify(facts: { sessionId: string; userId: string; targetName: string; login: string }): Promise<Buffer>;
  /**
   * One signature for one login, or the name of the check that failed. The key is taken out before anything is checked, so a refused request
   * spends it too.
   */
  signLogin(
    request: LoginRequest,
    session: { sessionId: string; hostKeys: readonly string[]; login: string; certificate: Buffer },
  ): Promise<{ signature: Buffer } | { refused: LoginCheck | 'once' }>;
  /** Lets go of a session's login key. */
  forget(sessionId: string): void;
  makeStreamKey(sessionId: string, stream: KeyedStream): Promise<StreamKey>;
  /** Throws SP-5006. */
  sealStreamKey(options: {
    sessionId: string;
    stream: KeyedStream;
    wrapped: string;
    recipient: string;
  }): Promise<string>;
}

/** Opens the broker on a vault and an authority. Throws SP-5006. */
export async function openBroker(
  core: Pick<CoreContext, 'vault' | 'sshAuthority' | 'clock' | 'audit' | 'shared' | 'writer' | 'log'>,
): Promise<Broker> {
  const authority = core.sshAuthority;
  const wrapping = await openWrapping(core.vault);
  const keys =
    core.shared === null
      ? makeLoginKeys()
      : makeStoredLoginKeys(core.writer, wrapping, (err) => core.log.error({ err }, 'a login key is left to expire'));

  return {
    authority: authority.publicKey,
    async certify({ sessionId, userId, targetName, login }) {
      const publicKey = await keys.make(sessionId, certificateMinutes * 60_000);
      const now = Math.floor(core.clock.now().getTime() / 1000);
      try {
        return await authority.certify({
          publicKey,
          keyId: certificateKeyId({ userId, sessionId, targetName }),
          principals: [login],
          validAfter: now - skewSeconds,
          validBefore: now + certificateMinutes * 60 + skewSeconds,
        });
      } catch (error) {
        keys.drop(sessionId);
        if (error instanceof CertificateRefused) {
          const detail = { check: error.check, target: targetName, login };
          await core.audit.record({ event: 'vault.certificate-refused', actor: userId, subject: sessionId, detail });
        }
        throw error;
      }
    },
    async signLogin(request, session) {
      const sign = await keys.take(session.sessionId);
      if (sign === null) return { refused: 'once' };
      const refused = checkLoginRequest(request, {
        hostKeys: session.hostKeys.map(blobOfLine),
        login: session.login,
        certificate: session.certificate,
      });
      return refused === null ? { signature: sign(request.toSign) } : { refused };
    },
    forget: keys.drop,
    makeStreamKey: (sessionId, stream) => makeStreamKey(wrapping, sessionId, stream),
    sealStreamKey: (options) => sealStreamKey(wrapping, options),
  };
}

const otherWords = {
  once: 'its one login was made already, or its time is over',
  session: 'there is no such live session of this device',
  relay: "this login is not for the connection that this session's relay carries",
  access: 'no access rule lets you connect to this target any more',
  lock: 'you are locked out of this target',
  credential: 'the grant of this session says another kind of login',
  recipient: "the key to seal to is not certified by this session's own key",
  policy: 'your organisation does not allow passwords to reach the endpoint',
};
export type LoginRefusal = LoginCheck | keyof typeof otherWords;

/** The refusal of a login in words: of a signature, or of a password to be sealed. */
export function loginRefusal(check: LoginRefusal, asked: 'signature' | 'password' = 'signature'): SallyportError {
  const why = check in otherWords ? otherWords[check as keyof typeof otherWords] : describeCheck(check as LoginCheck);
  const what = asked === 'signature' ? 'sign this login' : 'give out the password of this login';
  return new SallyportError(
    'SP-2041',
    `The broker did not ${what}: ${why}. Nothing was logged in. Connect again; if it stays, tell your administrator.`,
    { facts: { check } },
  );
}
