import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { blobOfLine, publicKeyLine } from '../../recording/signatures/keys.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Stream } from '../../shared/model/recording.ts';
import type { Clock } from '../context.ts';
import { getOrMake, type Vault } from '../vault.ts';
import { certificateKeyId, makeUserCertificate } from './certificate.ts';
import { makeLoginKeys } from './login-keys.ts';
import { checkLoginRequest, describeCheck, type LoginCheck, type LoginRequest } from './login-request.ts';
import { makeStreamKey, type StreamKey, sealStreamKey } from './stream-identities.ts';
import { openWrapping } from './vault/wrapping.ts';

/** How long a login certificate and its key live: enough to connect and log in, useless soon after. */
export const certificateMinutes = 3;
/** Clocks of targets are not exactly ours. */
const skewSeconds = 60;

export interface Broker {
  /** The certificate authority's public key (OpenSSH line): targets name it in TrustedUserCAKeys. */
  readonly authority: string;
  /** Makes the login key of a session and certifies it. The key stays in this process. Returns the certificate's blob. */
  certify(facts: { sessionId: string; userId: string; targetName: string; login: string }): Buffer;
  /**
   * One signature for one login, or the name of the check that failed. The key is taken out before anything is checked, so a refused request
   * spends it too.
   */
  signLogin(
    request: LoginRequest,
    session: { sessionId: string; hostKeys: readonly string[]; login: string; certificate: Buffer },
  ): { signature: Buffer } | { refused: LoginCheck | 'once' };
  /** Lets go of a session's login key. */
  forget(sessionId: string): void;
  makeStreamKey(sessionId: string, stream: Stream): Promise<StreamKey>;
  /** Throws SP-5006. */
  sealStreamKey(options: { sessionId: string; stream: Stream; wrapped: string; recipient: string }): Promise<string>;
}

async function openAuthority(vault: Vault): Promise<KeyObject> {
  const stored = await getOrMake(vault, 'ssh-authority', () =>
    generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }),
  );
  return createPrivateKey({ key: stored, format: 'der', type: 'pkcs8' });
}

/** Opens the broker on a vault; makes the authority at the first start. Throws SP-5006. */
export async function openBroker(core: { vault: Vault; clock: Clock }): Promise<Broker> {
  const authority = await openAuthority(core.vault);
  const wrapping = await openWrapping(core.vault);
  const keys = makeLoginKeys();

  return {
    authority: publicKeyLine(authority),
    certify({ sessionId, userId, targetName, login }) {
      const now = Math.floor(core.clock.now().getTime() / 1000);
      return makeUserCertificate({
        publicKey: keys.make(sessionId, certificateMinutes * 60_000),
        authority,
        keyId: certificateKeyId({ userId, sessionId, targetName }),
        principals: [login],
        serial: randomBytes(8).readBigUInt64BE(),
        validAfter: now - skewSeconds,
        validBefore: now + certificateMinutes * 60 + skewSeconds,
      });
    },
    signLogin(request, session) {
      const sign = keys.take(session.sessionId);
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
  once: 'its one signature was given already, or its time is over',
  session: 'there is no such live session of this device',
  relay: "this login is not for the connection that this session's relay carries",
  access: 'no access rule lets you connect to this target any more',
  lock: 'you are locked out of this target',
};

/** The refusal of a login in words. */
export function loginRefusal(check: LoginCheck | keyof typeof otherWords): SallyportError {
  const why = check in otherWords ? otherWords[check as keyof typeof otherWords] : describeCheck(check as LoginCheck);
  return new SallyportError(
    'SP-2041',
    `The broker did not sign this login: ${why}. Nothing was logged in. Connect again; if it stays, tell your administrator.`,
    { facts: { check } },
  );
}
