import type { Duplex } from 'node:stream';
import type { Client, ConnectConfig } from 'ssh2';
import type { SallyportError } from '../../shared/errors/result.ts';
import type { GrantPayload } from '../../shared/protocol/signed.ts';
import type { ExchangeProof } from '../../ssh/ssh2-internals.ts';
import type { Wire } from './wire.ts';

/** What a login has to work with. */
export interface LoginContext {
  wire: Wire;
  grant: GrantPayload;
  /** OpenSSH line of the pinned control server. */
  serverKey: string;
  /** Asks the broker for the one signature of a login by certificate. */
  sign(proof: ExchangeProof, toSign: Buffer): Promise<Uint8Array>;
  /** Asks the broker for the password of a sealed login; whoever gets it wipes it. */
  sealedPassword(proof: ExchangeProof): Promise<Uint8Array>;
  step(step: 'host-key' | 'login' | 'shell'): void;
  /** The login cannot be made: the first error counts, the wire is closed. */
  failed(error: unknown): void;
}

/**
 * How one kind of grant logs in: what it tells ssh2 beyond what every connection has, and how it bends the client. One file for each kind; connect.ts
 * chooses. A way must not let anything of a login out before the target has proved an expected host key: ssh2 asks for a login only after that.
 */
export interface LoginWay {
  config: Pick<ConnectConfig, 'authHandler' | 'ident'>;
  /** What SSH runs on. */
  stream: Duplex;
  /** Called once, when the client has been told to connect and before anything was sent. Throws SP-9001 when ssh2 is not as expected. */
  attach(client: Client): void;
  /** What a person reads when the target does not accept the login (SP-2040). */
  refused: string;
  /** What the target said before the login, where somebody else heard it. */
  banner?: string;
  /** Takes the place of SP-2050 until the connection is ready. */
  lost?: SallyportError;
}

export type MakeLoginWay = (context: LoginContext) => LoginWay | Promise<LoginWay>;
