import os from 'node:os';
import path from 'node:path';
import { SallyportError } from '../../shared/errors/result.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { makeVaultPlace, type VaultInput, type VaultPlace } from './vault.ts';

export { defaultLimits, type Limits } from './limits.ts';

/** What `serve` was told, checked. Secrets are never in here. */
export interface Config {
  /** Absolute. */
  readonly dataFolder: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** The host name that launchers use; an invite carries it. */
  readonly name: string;
  /** Files of an operator's own certificate; null: Sallyport's own authority in the data folder. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null;
  readonly database: DatabasePlace;
  readonly vault: VaultPlace;
  /** Absolute: where recordings are stored. `shared`: outside of the data folder, where other servers may write too. */
  readonly recordings: { readonly folder: string; readonly shared: boolean };
  readonly limits: Limits;
  readonly logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

/**
 * Where the database is: PGlite in the data folder, or in memory (tests), or a PostgreSQL. Of that, `url` is what was given, without a password; what it
 * leaves out comes from the environment and files that PostgreSQL's own programs use (store/postgres.ts).
 */
export type DatabasePlace =
  | { readonly kind: 'folder' | 'memory' }
  | { readonly kind: 'postgres'; readonly url: string | null };

export interface ConfigInput {
  data: string;
  /** HOST:PORT, `[::1]:PORT` for IPv6; port 0 takes a free one. */
  listen: string;
  name?: string | undefined;
  tlsCertificate?: string | undefined;
  tlsKey?: string | undefined;
  /** `folder`, `memory`, `postgres` or `postgres://HOST:PORT/DATABASE` */
  database?: string | undefined;
  vault?: VaultInput;
  /** Default: `recordings` in the data folder */
  recordings?: string | undefined;
  limits?: Partial<Limits>;
  logLevel?: Config['logLevel'];
}

/** Checks what was given. Throws SP-5001 with the option that is wrong. */
export function makeConfig(input: ConfigInput): Config {
  const listen = parseAddress(input.listen);
  const everywhere = listen.host === '0.0.0.0' || listen.host === '::';
  const name = input.name ?? (everywhere ? os.hostname() : listen.host);
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$|^[0-9a-fA-F:]+$/.test(name)) {
    throw new SallyportError(
      'SP-5001',
      `"${name}" is not a host name. Give --name the name that launchers use to reach this server.`,
    );
  }
  if ((input.tlsCertificate === undefined) !== (input.tlsKey === undefined)) {
    throw new SallyportError('SP-5001', 'A certificate needs its key. Give both --tls-cert and --tls-key, or neither.');
  }
  return {
    dataFolder: path.resolve(input.data),
    listen,
    name,
    tls:
      input.tlsCertificate === undefined || input.tlsKey === undefined
        ? null
        : { certificateFile: path.resolve(input.tlsCertificate), keyFile: path.resolve(input.tlsKey) },
    database: parseDatabase(input.database ?? 'folder'),
    vault: makeVaultPlace(input.vault ?? {}),
    recordings: {
      folder: input.recordings === undefined ? path.resolve(input.data, 'recordings') : path.resolve(input.recordings),
      shared: input.recordings !== undefined,
    },
    limits: { ...defaultLimits, ...input.limits },
    logLevel: input.logLevel ?? 'info',
  };
}

function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new SallyportError(
      'SP-5001',
      `"${text}" is not an address to listen on. Write HOST:PORT, for example 127.0.0.1:7443.`,
    );
  }
  return { host, port };
}

function parseDatabase(text: string): DatabasePlace {
  if (text === 'folder' || text === 'memory') return { kind: text };
  if (text === 'postgres') return { kind: 'postgres', url: null };
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol) || url.hash !== '') {
    // Not repeated: it may hold a password all the same.
    throw new SallyportError(
      'SP-5001',
      'What was given as --database is neither "folder", "postgres" nor postgres://HOST:PORT/DATABASE. Write one of these.',
    );
  }
  if (url.password !== '' || url.search !== '') {
    throw new SallyportError(
      'SP-5001',
      'The address of the database may hold no password and no options: everybody on this machine can read a command line. Put the password into the file that PGPASSFILE names (mode 0600), and options into PGSSLMODE and PGSSLROOTCERT.',
    );
  }
  return { kind: 'postgres', url: text };
}
