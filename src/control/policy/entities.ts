import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import { assertNever } from '../../shared/errors/result.ts';
import type { OwnedResource, PolicyActor, PolicyRequest, TargetResource } from './policy.ts';

/** A request as Cedar takes it; the policies are named by the worker. */
export interface CedarQuestion {
  principal: TypeAndId;
  action: TypeAndId;
  resource: TypeAndId;
  context: Record<string, CedarValueJson>;
  entities: EntityJson[];
}

/** Puts a request into Cedar's entities: the person with roles and groups, the resource, and what the resource points to. */
export function toCedar(actor: PolicyActor, request: PolicyRequest): CedarQuestion {
  const principal = { type: 'User', id: actor.userId };
  const action = { type: 'Action', id: request.action };
  const person = {
    uid: principal,
    attrs: { name: actor.name },
    parents: [
      ...actor.roles.map((role) => ({ type: 'Role', id: role })),
      ...actor.groups.map((group) => ({ type: 'Group', id: group })),
    ],
  };
  const ask = (resource: TypeAndId, entities: EntityJson[], context: CedarQuestion['context'] = {}): CedarQuestion => ({
    principal,
    action,
    resource,
    context,
    entities: [person, ...entities],
  });
  switch (request.action) {
    case 'SeeTarget': {
      const target = targetEntity(request.resource);
      return ask(target.uid, [target]);
    }
    case 'Connect': {
      const target = targetEntity(request.resource);
      const { login, granted } = request.context;
      return ask(target.uid, [target], { login, granted });
    }
    case 'RequestAccess': {
      const target = targetEntity(request.resource);
      return ask(target.uid, [target], { login: request.context.login });
    }
    case 'DecideRequest': {
      const { seconds } = request.resource;
      return ask(
        { type: 'Request', id: request.resource.id },
        ownedEntities('Request', request.resource, actor, { seconds }),
      );
    }
    case 'ListRecordings':
    case 'ReadRecording':
    case 'ReviewRecording':
    case 'HoldRecording': {
      const entities = ownedEntities('Recording', request.resource, actor);
      return ask({ type: 'Recording', id: request.resource.id }, entities);
    }
    case 'UnlockRecording': {
      const entities = ownedEntities('Recording', request.resource, actor);
      return ask({ type: 'Recording', id: request.resource.id }, entities, { stream: request.context.stream });
    }
    case 'SeeSessions':
    case 'KillSession': {
      const entities = ownedEntities('Session', request.resource, actor);
      return ask({ type: 'Session', id: request.resource.id }, entities);
    }
    case 'LiftLock': {
      const target = targetEntity(request.resource.target);
      const uid = { type: 'Lock', id: request.resource.id };
      const attrs = { user: user(request.resource.userId), target: { __entity: target.uid } };
      return ask(uid, [{ uid, attrs, parents: [] }, target, ...otherPerson(request.resource.userId, actor)]);
    }
    case 'Administer':
    case 'ReadAudit':
      return ask({ type: 'Server', id: 'sallyport' }, []);
    default:
      return assertNever(request);
  }
}

type Entity = EntityJson & { uid: TypeAndId };

function targetEntity(target: TargetResource): Entity {
  return {
    uid: { type: 'Target', id: target.id },
    attrs: {
      name: target.name,
      address: target.address,
      production: target.production,
      route: target.route,
      ...(target.owner === null ? {} : { owner: target.owner }),
    },
    parents: [],
    tags: { ...target.labels },
  };
}

function user(id: string): CedarValueJson {
  return { __entity: { type: 'User', id } };
}

/** The owner of a thing, when it is someone else: known by id alone, so a policy that asks for more of them does not permit. */
function otherPerson(id: string, actor: PolicyActor): EntityJson[] {
  return id === actor.userId ? [] : [{ uid: { type: 'User', id }, attrs: { name: '' }, parents: [] }];
}

function ownedEntities(
  type: 'Recording' | 'Session' | 'Request',
  resource: OwnedResource,
  actor: PolicyActor,
  more: Record<string, CedarValueJson> = {},
): EntityJson[] {
  const target = targetEntity(resource.target);
  const attrs = { owner: user(resource.ownerId), target: { __entity: target.uid }, login: resource.login, ...more };
  return [{ uid: { type, id: resource.id }, attrs, parents: [] }, target, ...otherPerson(resource.ownerId, actor)];
}
