import { fingerprint } from '../../../recording/signatures/keys.ts';
import type { CoreContext } from '../../context.ts';
import { claimLogin } from '../../live/claim-login.ts';
import { findTarget, grantOf, type SessionRow } from '../../live/session-store.ts';
import type { HandOver } from '../../relay/handover-leg.ts';
import { handoverFrame } from './first-frame.ts';
import { type HandoverLimits, handoverLimits, startHandover } from './hand-over.ts';
import type { LoggedIn, Refusal } from './password-login.ts';

/** The logins that the broker makes itself, because they are made with a password. */
export interface Handovers {
  /** For a session whose grant says so; null for any other. */
  prepare(session: SessionRow): Promise<HandOver | null>;
}

export function makeHandovers(parts: {
  core: CoreContext;
  /** The vaulted password, the caller's to overwrite; null when there is none. Rejects with SP-5006. */
  passwordFor(of: { target: string; login: string }): Promise<Buffer | null>;
  limits?: HandoverLimits;
}): Handovers {
  const { core } = parts;

  /** The session's one login is claimed and written down before the launcher hears of it: also the last look at a kill or a lock that came meanwhile. */
  async function claim(session: SessionRow, facts: LoggedIn): Promise<Refusal | null> {
    if ((await claimLogin(core, session)) !== null) return { code: 'SP-2042', check: 'session' };
    await core.audit.record({
      event: 'login.handed-over',
      actor: session.user_id,
      subject: session.id,
      detail: {
        login: session.login,
        target: session.target_id,
        method: facts.method,
        hostKey: fingerprint(facts.hostKey),
      },
    });
    return null;
  }

  /** Every use of a stored password is written down before it leaves, also one that comes to nothing: the target may have it by then. */
  async function takePassword(session: SessionRow): Promise<Buffer | null> {
    const place = { target: grantOf(session).target.name, login: session.login };
    const password = await parts.passwordFor(place);
    if (password === null) return null;
    try {
      await core.audit.record({
        event: 'login.password-taken',
        actor: session.user_id,
        subject: session.id,
        detail: place,
      });
      return password;
    } catch (error) {
      password.fill(0);
      throw error;
    }
  }

  return {
    async prepare(session) {
      const grant = grantOf(session);
      if (grant.credential.kind !== 'handover') return null;
      const target = await findTarget(core.reader, session.target_id);
      const prompt = target?.logins.find((each) => each.name === session.login)?.prompt ?? null;
      return (wiring) =>
        startHandover({
          toTarget: wiring.toTarget,
          toLauncher: wiring.toLauncher,
          done: wiring.done,
          limits: parts.limits ?? handoverLimits,
          login: grant.login,
          hostKeys: grant.hostKeys,
          prompt,
          password: () => takePassword(session),
          async announce(facts) {
            const refusal = await claim(session, facts);
            if (refusal === null) wiring.tell(handoverFrame(core, session.id, facts));
            return refusal;
          },
          refused(refusal) {
            const detail = { ...refusal, device: session.device_id };
            core.audit
              .record({ event: 'login.refused', actor: session.user_id, subject: session.id, detail })
              .catch((error: unknown) => core.log.error({ err: error }, 'a refused login could not be written down'));
            wiring.refused(refusal);
          },
        });
    },
  };
}
