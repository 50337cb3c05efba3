import type { Client } from 'ssh2';
import type { GrantCredential } from '../../shared/protocol/signed.ts';
import type { LoginContext, LoginWay } from './login-way.ts';
import { loginByPassword } from './password-login.ts';

/**
 * The exception by policy: the password is sealed to this process and used here, once. It is asked for when the target has proved its host key and asks
 * exactly as expected, not before.
 */
export function sealedWay(
  context: LoginContext,
  credential: Extract<GrantCredential, { kind: 'sealed-password' }>,
): LoginWay {
  const { grant, wire } = context;
  let login: ReturnType<typeof loginByPassword> | null = null;
  return {
    config: {
      authHandler: (methods, partial) => (login === null ? false : login.next(methods, partial)),
      ident: 'Sallyport',
    },
    stream: wire.stream,
    attach(client: Client) {
      login = loginByPassword(client, {
        user: grant.login,
        pattern: credential.prompt,
        password: (proof) => context.sealedPassword(proof),
        failed: context.failed,
      });
    },
    refused:
      'The target did not accept the stored password. Ask an engineer to store the one that it takes: sallyport secrets set',
  };
}
