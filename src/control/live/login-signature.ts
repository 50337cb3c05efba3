import type { z } from 'zod';
import type { controlApi } from '../../shared/protocol/control-api.ts';
import type { Actor } from '../actor.ts';
import { type Broker, type LoginRefusal, loginRefusal } from '../broker/broker.ts';
import type { Clock, CoreContext } from '../context.ts';
import type { HostProof } from '../relay/host-proof.ts';
import { claimLogin } from './claim-login.ts';
import { findSession, grantOf, type SessionRow } from './session-store.ts';
import { mayStillConnect } from './still-allowed.ts';

type Body = z.output<typeof controlApi.loginSignature.body>;
type Refused = LoginRefusal | 'device';

export function isLive(session: SessionRow, cutAt: number | null, clock: Clock): boolean {
  return session.ended_at === null && session.killed_at === null && cutAt !== null && clock.monotonicMs() < cutAt;
}

/**
 * The one signature of a session's one login (protocol.md). Every refusal is SP-2041 and an audit event that names the check. The signature leaves only
 * after the event that says so is written.
 */
export async function signLogin(
  parts: {
    core: CoreContext;
    broker: Broker;
    cutAt(sessionId: string): number | null;
    /** The relay's `takeCarried`. */
    takeCarried(sessionId: string, proof: HostProof): Promise<boolean>;
  },
  actor: Actor,
  sessionId: string,
  body: Body,
): Promise<string> {
  const { core, broker } = parts;

  async function refuse(check: Refused): Promise<never> {
    await core.audit.record({
      event: 'login.refused',
      actor: actor.userId,
      subject: sessionId,
      detail: { check, device: actor.device?.id ?? null },
    });
    // Another device's session and one that does not exist look the same from outside; the audit knows the difference.
    throw loginRefusal(check === 'device' ? 'session' : check);
  }

  const session = await findSession(core.reader, sessionId);
  if (session === null) return refuse('session');
  if (actor.device === null || session.device_id !== actor.device.id) return refuse('device');
  if (!isLive(session, parts.cutAt(sessionId), core.clock)) return refuse('session');
  // A grant is not a right to come later: what was taken back since then counts.
  if (!(await mayStillConnect(core, actor, session))) return refuse('access');
  // Its login is by password: there is no certificate to sign for.
  if (session.certificate === null) return refuse('credential');
  const proof: HostProof = {
    hostKey: Buffer.from(body.hostKey, 'base64'),
    hostSignature: Buffer.from(body.hostSignature, 'base64'),
  };
  const verdict = await broker.signLogin(
    { ...proof, sshSessionId: Buffer.from(body.sshSessionId, 'base64'), toSign: Buffer.from(body.toSign, 'base64') },
    {
      sessionId,
      hostKeys: grantOf(session).hostKeys,
      login: session.login,
      certificate: Buffer.from(session.certificate, 'base64'),
    },
  );
  if ('refused' in verdict) return refuse(verdict.refused);
  // A login beside the relay could not be cut: neither by a kill nor by a lost lease.
  if (session.route === 'relay' && !(await parts.takeCarried(sessionId, proof))) return refuse('relay');
  // In the database too: the key is gone with a restart, this fact is not.
  const notClaimed = await claimLogin(core, session);
  if (notClaimed !== null) return refuse(notClaimed);
  await core.audit.record({
    event: 'login.signed',
    actor: actor.userId,
    subject: sessionId,
    detail: { login: session.login, target: session.target_id },
  });
  return verdict.signature.toString('base64');
}
