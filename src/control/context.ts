import type { Logger } from 'pino';
import type { Namespace, Signed } from '../shared/protocol/signed.ts';
import type { Audit } from './audit/audit.ts';
import type { SshAuthority } from './broker/authority/ssh-authority.ts';
import type { Bus } from './bus/bus.ts';
import type { Config } from './config/config.ts';
import type { ControlEvents } from './events.ts';
import type { Invites } from './identity/invites.ts';
import type { Origins } from './identity/origins.ts';
import type { ReplayGuard } from './identity/replay-guard.ts';
import type { PoliciesInForce } from './policy/policies-in-force.ts';
import type { PolicyControl } from './policy/policy.ts';
import type { Services } from './services.ts';
import type { Reader, Writer } from './store/database.ts';
import type { Vault } from './vault.ts';

export type { Actor } from './actor.ts';
export type { Reader, Writer } from './store/database.ts';
export type { Vault } from './vault.ts';

export interface Clock {
  /** The wall clock: for what is written down. */
  now(): Date;
  /** Milliseconds that never jump: for what is measured or times out. */
  monotonicMs(): number;
}

/** The server's own signatures (SSHSIG, ed25519); launchers pin `publicKey` at enrolment. */
export interface Signer {
  /** OpenSSH line */
  readonly publicKey: string;
  sign(namespace: Namespace, value: unknown): Signed;
}

/** What every part of the server is built from. Made once, in `server.ts`. */
export interface CoreContext {
  readonly config: Config;
  readonly writer: Writer;
  readonly reader: Reader;
  readonly log: Logger;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly policy: PolicyControl;
  readonly inForce: PoliciesInForce;
  readonly vault: Vault;
  readonly sshAuthority: SshAuthority;
  readonly signer: Signer;
  /** Within this process; `bus` goes to all of them. */
  readonly events: ControlEvents;
  readonly bus: Bus;
  /** Where other control processes may use the same database: connections to it that no request can use up. Null: this one is alone. */
  readonly shared: { readonly db: Writer } | null;
  readonly invites: Invites;
  readonly replayGuard: ReplayGuard;
  readonly origins: Origins;
  /** Lower-case hex SHA-256 of the authority's certificate (DER); invites carry it. */
  readonly trustRoot: string;
  /** The data folder (absolute, 0700). */
  readonly dataFolder: string;
}

/** What a handler gets: the core and the services built on it (`create-services.ts`). */
export interface Context extends CoreContext {
  readonly services: Services;
}
