import type { TargetView } from '../shared/model/target.ts';
import type { Broker } from './broker/broker.ts';
import type { Hub } from './live/hub.ts';
import type { LauncherChannels } from './live/launcher-channels.ts';
import type { Leases } from './live/leases.ts';
import type { Orders } from './live/orders.ts';
import type { Recordings } from './recordings/recordings.ts';
import type { Relay } from './relay/relay.ts';
import type { AccessRequests } from './requests/requests.ts';
import type { Review } from './review/review.ts';
import type { Search } from './search/search.ts';

/**
 * The services built on the core (types only: their implementations import the core, so nothing but types may be imported from them here).
 * `create-services.ts` makes them.
 */
export interface Services {
  readonly targetFacts: TargetFacts;
  readonly broker: Broker;
  readonly leases: Leases;
  readonly hub: Hub;
  readonly channels: LauncherChannels;
  readonly orders: Orders;
  readonly relay: Relay;
  readonly requests: AccessRequests;
  readonly recordings: Recordings;
  readonly review: Review;
  readonly search: Search;
  /** Called once when the server stops, before the database closes. */
  close(): Promise<void>;
}

export type TargetFact = Pick<TargetView, 'lastUsedAt' | 'lock' | 'unreachable'>;

export interface TargetFacts {
  /** What sessions, locks and the relay know about targets for one person, by target id. Targets without any fact are absent. */
  forPerson(userId: string): Promise<ReadonlyMap<string, TargetFact>>;
}
