import type { TargetView } from '../shared/model/target.ts';

/**
 * The services built on the core, as interfaces only (their implementations import the core, so they cannot be imported from here).
 * `create-services.ts` makes them.
 */
export interface Services {
  readonly targetFacts: TargetFacts;
  /** Called once when the server stops, before the database closes. */
  close(): Promise<void>;
}

export type TargetFact = Pick<TargetView, 'lastUsedAt' | 'lock' | 'unreachable'>;

export interface TargetFacts {
  /** What sessions, locks and the relay know about targets for one person, by target id. Targets without any fact are absent. */
  forPerson(userId: string): Promise<ReadonlyMap<string, TargetFact>>;
}
