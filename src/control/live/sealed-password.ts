import { Encrypter } from 'age-encryption';
import type { z } from 'zod';
import { blobOfLine } from '../../recording/signatures/keys.ts';
import { verifySsh } from '../../recording/signatures/sshsig.ts';
import { SallyportError } from '../../shared/errors/result.ts';
import type { controlApi } from '../../shared/protocol/control-api.ts';
import { type GrantPayload, namespaces, recipientStatement } from '../../shared/protocol/signed.ts';
import type { Actor } from '../actor.ts';
import { type LoginRefusal, loginRefusal } from '../broker/broker.ts';
import { checkHost } from '../broker/login-request.ts';
import type { CoreContext } from '../context.ts';
import type { HostProof } from '../relay/host-proof.ts';
import { passwordSecretName } from '../secrets/secret-name.ts';
import { claimLogin } from './claim-login.ts';
import { isLive } from './login-signature.ts';
import { findSession, grantOf } from './session-store.ts';
import { mayStillConnect } from './still-allowed.ts';

type Body = z.output<typeof controlApi.sealedPassword.body>;

export interface SealParts {
  core: CoreContext;
  cutAt(sessionId: string): number | null;
  /** The relay's `takeCarried`. */
  takeCarried(sessionId: string, proof: HostProof): Promise<boolean>;
}

/**
 * The password of a session's one login, as an age file (base64) that only its session process opens: the exception by policy, for targets that take
 * neither a certificate nor a handover. The checks are those of a login signature, and that the recipient is certified by the session's own key. Every
 * refusal is SP-2041 and an audit event that names the check; the password leaves only after the event that says so is written. Throws SP-2043 and
 * SP-5006 too, audited likewise.
 */
export async function sealPassword(parts: SealParts, actor: Actor, sessionId: string, body: Body): Promise<string> {
  const { core } = parts;

  function recordRefusal(check: LoginRefusal | 'device' | 'vault' | 'secret-missing'): Promise<unknown> {
    return core.audit.record({
      event: 'login.refused',
      actor: actor.userId,
      subject: sessionId,
      detail: { check, asked: 'sealed password', device: actor.device?.id ?? null },
    });
  }

  async function refuse(check: LoginRefusal | 'device'): Promise<never> {
    await recordRefusal(check);
    // As of a login signature: another device's session looks like none.
    throw loginRefusal(check === 'device' ? 'session' : check, 'password');
  }

  const session = await findSession(core.reader, sessionId);
  if (session === null) return refuse('session');
  if (actor.device === null || session.device_id !== actor.device.id) return refuse('device');
  if (!isLive(session, parts.cutAt(sessionId), core.clock)) return refuse('session');
  if (!(await mayStillConnect(core, actor, session))) return refuse('access');
  const grant = grantOf(session);
  if (grant.credential.kind !== 'sealed-password') return refuse('credential');
  if (!(await sealingIsAllowed(core))) return refuse('policy');
  if (!isCertified(grant, body)) return refuse('recipient');
  const proof: HostProof = {
    hostKey: Buffer.from(body.hostKey, 'base64'),
    hostSignature: Buffer.from(body.hostSignature, 'base64'),
  };
  const sshSessionId = Buffer.from(body.sshSessionId, 'base64');
  const host = checkHost({ ...proof, sshSessionId }, grant.hostKeys.map(blobOfLine));
  if (host !== null) return refuse(host);
  // A login beside the relay could not be cut.
  if (session.route === 'relay' && !(await parts.takeCarried(sessionId, proof))) return refuse('relay');
  const notClaimed = await claimLogin(core, session);
  if (notClaimed !== null) return refuse(notClaimed);
  const place = { target: grant.target.name, login: grant.login };
  // The login is spent by now: what becomes of it is written down.
  const password = await core.vault.get(passwordSecretName(place)).catch(async (error: unknown) => {
    await recordRefusal('vault');
    throw error;
  });
  if (password === null) {
    await recordRefusal('secret-missing');
    throw passwordMissing(place);
  }
  try {
    const encrypter = new Encrypter();
    encrypter.addRecipient(body.recipient);
    const sealed = await encrypter.encrypt(password);
    await core.audit.record({
      event: 'login.password-sealed',
      actor: actor.userId,
      subject: sessionId,
      detail: { ...place, device: actor.device.id, reaches: 'the password reaches the endpoint' },
    });
    return Buffer.from(sealed).toString('base64');
  } finally {
    password.fill(0);
  }
}

/** SP-2043: for whoever connects. */
export function passwordMissing({ target, login }: { target: string; login: string }): SallyportError {
  return new SallyportError(
    'SP-2043',
    `No password is stored for ${login} on ${target}, so nothing was opened. Ask an engineer to run: sallyport secrets set ${target} ${login}`,
    { facts: { target, login } },
  );
}

async function sealingIsAllowed(core: CoreContext): Promise<boolean> {
  const row = await core.reader.selectFrom('organisation').select('sealed_passwords').executeTakeFirst();
  return row?.sealed_passwords === 'allowed';
}

/** Whether the session key of the grant has signed exactly this recipient for exactly this session, and it is one. */
function isCertified(grant: GrantPayload, { recipient, recipientSignature }: Body): boolean {
  const signed = verifySsh({
    publicKey: grant.sessionKey,
    namespace: namespaces.recipient,
    message: recipientStatement({ sessionId: grant.sessionId, recipient }),
    signature: recipientSignature,
  });
  if (!signed) return false;
  try {
    new Encrypter().addRecipient(recipient);
    return true;
  } catch {
    return false;
  }
}
