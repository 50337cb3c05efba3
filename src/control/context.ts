import type { Kysely } from 'kysely';
import type { ReadonlyKysely } from 'kysely/readonly';
import type { Logger } from 'pino';
import type { Namespace, Signed } from '../shared/protocol/signed.ts';
import type { Audit } from './audit/audit.ts';
import type { Config } from './config/config.ts';
import type { ControlEvents } from './events.ts';
import type { Policy } from './policy/policy.ts';
import type { Services } from './services.ts';
import type { Database } from './store/database.ts';

export type { Actor } from './actor.ts';

/** May change the database. Everything that only looks takes a `Reader`. */
export type Writer = Kysely<Database>;
export type Reader = ReadonlyKysely<Database>;

export interface Clock {
  /** The wall clock: for what is written down. */
  now(): Date;
  /** Milliseconds that never jump: for what is measured or times out. */
  monotonicMs(): number;
}

/** Small secrets under names. `get` answers null for a name that was never put; both throw SP-5006 when the vault cannot be used. */
export interface Vault {
  get(name: string): Promise<Buffer | null>;
  put(name: string, bytes: Uint8Array): Promise<void>;
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
  readonly policy: Policy;
  readonly vault: Vault;
  readonly signer: Signer;
  readonly events: ControlEvents;
  /** The data folder (absolute, 0700). */
  readonly dataFolder: string;
}

/** What a handler gets: the core and the services built on it (`create-services.ts`). */
export interface Context extends CoreContext {
  readonly services: Services;
}
