import type { Actor } from '../actor.ts';

/** A target as policies see it. Labels are Cedar tags: `resource.hasTag("env") && resource.getTag("env") == "lab"`. */
export interface TargetResource {
  id: string;
  name: string;
  address: string;
  production: boolean;
  route: 'relay' | 'direct';
  owner: string | null;
  labels: Readonly<Record<string, string>>;
}

export interface OwnedResource {
  id: string;
  /** The person whose session it is or was. */
  ownerId: string;
  target: TargetResource;
  login: string;
}

/** An access request as policies see it: who decides may look at whose it is, where to, and for how long. */
export interface RequestResource extends OwnedResource {
  seconds: number;
}

/** What is asked: a closed union; schema.ts holds the same in Cedar. */
export type PolicyRequest =
  | { action: 'SeeTarget'; resource: TargetResource }
  | { action: 'Connect'; resource: TargetResource; context: { login: string; granted: boolean } }
  | { action: 'RequestAccess'; resource: TargetResource; context: { login: string } }
  | { action: 'DecideRequest'; resource: RequestResource }
  | { action: 'ListRecordings' | 'ReadRecording' | 'ReviewRecording' | 'HoldRecording'; resource: OwnedResource }
  | { action: 'UnlockRecording'; resource: OwnedResource; context: { stream: 'output' | 'input' | 'text' } }
  | { action: 'SeeSessions' | 'KillSession'; resource: OwnedResource }
  | { action: 'LiftLock'; resource: { id: string; userId: string; target: TargetResource } }
  | { action: 'Administer' | 'ReadAudit' };

/** `policies`: the ids of the policies that decided; empty when denied because none permits. */
export interface Decision {
  readonly allowed: boolean;
  readonly policies: readonly string[];
}

export type PolicyActor = Pick<Actor, 'userId' | 'name' | 'roles' | 'groups'>;

export interface Policy {
  /** Never rejects: an evaluation that fails is a denial. */
  decide(actor: PolicyActor, request: PolicyRequest): Promise<Decision>;
  /** The same for many at once, in order. */
  decideMany(actor: PolicyActor, requests: readonly PolicyRequest[]): Promise<readonly Decision[]>;
}

/** The policies in force and who may change them: `apply`, and the start of the server. */
export interface PolicyControl extends Policy {
  /** Throws SP-5008 with Cedar's own words when a policy does not fit the schema. */
  validate(policies: readonly PolicyText[]): Promise<void>;
  /** From here on these policies decide. They must have been validated. */
  setPolicies(policies: readonly PolicyText[]): void;
}

export interface PolicyText {
  id: string;
  cedar: string;
}
