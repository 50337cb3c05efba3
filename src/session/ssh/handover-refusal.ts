import type { ErrorCode } from '../../shared/errors/codes.ts';
import type { Problem } from '../../shared/errors/result.ts';
import { isPromptCheck, promptRefusal } from '../../shared/ssh/prompt-rule.ts';

/**
 * What a person reads when the broker did not log in or hand over. The relay's close frame has room for a code and the name of a check only
 * (src/control/broker/handover); null for a code that is not about that.
 */
export function handoverRefusal(code: ErrorCode, check: string, target: string): Problem | null {
  const facts = { check: check.replace(/[^\x20-\x7e]/g, '').slice(0, 100) };
  const problem = (message: string, more: Record<string, string> = {}): Problem => ({
    code,
    message,
    facts: { ...facts, ...more },
  });
  if (check === 'announcement')
    return problem(
      `The control server could not write down the login at ${target}, so the connection was closed. Nothing was shown or typed. Try again; if it stays, ask your administrator.`,
    );
  switch (code) {
    case 'SP-2032':
      return problem(
        check === 'host-key-kinds'
          ? `The host keys known for ${target} are all of an old kind that is not used any more. No password was sent to it. Ask your administrator to record an Ed25519, ECDSA or RSA host key for it.`
          : check === 'algorithms'
            ? `${target} and the control server have no modern algorithm in common: of key exchange, host key or AES-GCM. No password was sent to it. Ask its owner to update its SSH server.`
            : `${target} and the launcher did not agree on AES-GCM, so the connection was not handed over. Ask the owner of the target to allow it.`,
      );
    case 'SP-2031': {
      const offered = /SHA256:[\w+/]{43}/.exec(check)?.[0];
      if (check === 'host-signature')
        return problem(
          `${target} showed the right host key but could not prove that it holds it. No password was sent to it. Tell your security team.`,
        );
      return problem(
        `The host key of ${target} is not the one on record. No password was sent to it. Do not connect until its owner has said why the key changed.`,
        offered === undefined ? {} : { offered },
      );
    }
    case 'SP-2040':
      return problem(
        check === 'login'
          ? `${target} did not accept the stored password for this login. Ask your administrator to store the right one.`
          : `${target} does not let this login in by a password alone. Ask its owner, or your administrator to change how this login is made.`,
      );
    case 'SP-2042':
      return problem(
        `The connection to ${target} could not be handed over. It was closed; nothing was shown or typed. Connect again; if it stays, ask your administrator.`,
      );
    case 'SP-2043':
      return problem(`No password is stored for this login at ${target}. Ask your administrator to store it.`);
    case 'SP-2044':
      return isPromptCheck(check)
        ? { code, ...promptProblem(check) }
        : problem('The stored password was not used any further. Ask your administrator what this login asks for.');
    case 'SP-2050':
      return problem(
        `${target} closed the connection or said something that is not SSH before the login was made. Try again; if it stays, ask its owner.`,
      );
    case 'SP-2104':
      return problem(`${target} did not answer the login in time. Try again; if it stays, ask its owner.`);
    case 'SP-5010':
      return problem(
        `The control server's store did not answer, so ${target} was not logged in to. Try again; if it stays, ask your administrator.`,
      );
    case 'SP-9001':
      return problem(
        `The control server could not begin the login at ${target}, for a fault of its own. Nothing was sent. Ask your administrator to look at its log.`,
      );
    case 'SP-5006':
      return problem(
        'The vault did not give the password for this login. Nothing was sent. Try again; if it stays, ask your administrator.',
      );
    default:
      return null;
  }
}

function promptProblem(check: Parameters<typeof promptRefusal>[0]): Pick<Problem, 'message' | 'facts'> {
  const { message, facts } = promptRefusal(check);
  return { message, facts };
}
