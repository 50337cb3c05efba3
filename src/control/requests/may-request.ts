import { SallyportError } from '../../shared/errors/result.ts';
import type { Actor, CoreContext } from '../context.ts';
import type { TargetRow } from '../live/session-store.ts';
import type { PolicyRequest, TargetResource } from '../policy/policy.ts';
import { targetResource } from '../targets/target-resource.ts';

export function targetNotFound(): SallyportError {
  return new SallyportError(
    'SP-2001',
    'There is no such target among those you may reach. Reload the list; if it should be there, ask for access.',
  );
}

/** What a refused connection tells its person to do, where an approval is all that is missing. */
export function askForApproval(target: string, login: string): string {
  return `Ask whoever runs Sallyport for you to enter your request: sallyport request ${target} --login ${login} --for 2h --reason "..."`;
}

export function connectRequest(resource: TargetResource, login: string, granted: boolean): PolicyRequest {
  return { action: 'Connect', resource, context: { login, granted } };
}

/** Whether a person may know of a target: they see it, or there is a login that they may use or ask for. What the list of targets shows. */
export async function knowsTarget(core: CoreContext, actor: Actor, target: TargetRow): Promise<boolean> {
  const resource = targetResource(target);
  if ((await core.policy.decide(actor, { action: 'SeeTarget', resource })).allowed) return true;
  for (const { name } of target.logins) {
    const { connects, requests } = await standingOf(core, actor, target, name);
    if (connects || requests) return true;
  }
  return false;
}

export interface Standing {
  /** May connect as this login without anyone's approval; by these policies. */
  connects: boolean;
  /** May connect once it is granted. */
  connectsGranted: boolean;
  /** May ask for it, and it would help. */
  requests: boolean;
}

/** What a person may do with a login of a target; one that it does not offer is nobody's. */
export async function standingOf(core: CoreContext, actor: Actor, target: TargetRow, login: string): Promise<Standing> {
  const resource = targetResource(target);
  const [plain, granted, request] = await core.policy.decideMany(actor, [
    connectRequest(resource, login, false),
    connectRequest(resource, login, true),
    { action: 'RequestAccess', resource, context: { login } },
  ]);
  const offered = target.logins.some((entry) => entry.name === login);
  const requests = granted?.allowed === true && request?.allowed === true;
  return {
    connects: offered && plain?.allowed === true,
    connectsGranted: offered && granted?.allowed === true,
    requests: offered && requests,
  };
}
