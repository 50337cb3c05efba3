import { type HandoverPayload, namespaces } from '../../../shared/protocol/signed.ts';
import type { CoreContext } from '../../context.ts';
import type { LoggedIn } from './password-login.ts';

/** The first frame to the launcher. */
export function handoverFrame(core: Pick<CoreContext, 'signer'>, sessionId: string, facts: LoggedIn): string {
  const payload: HandoverPayload = {
    version: 1,
    sessionId,
    sshSessionId: facts.sshSessionId.toString('base64'),
    clientIdent: facts.clientIdent,
    serverIdent: facts.serverIdent,
    hostKey: facts.hostKey.toString('base64'),
    banner: facts.banner,
  };
  return JSON.stringify(core.signer.sign(namespaces.handover, payload));
}
