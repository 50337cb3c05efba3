import { readFileSync } from 'node:fs';
import { isIP, Socket } from 'node:net';
import os from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { SallyportError } from '../../shared/errors/result.ts';
import type { DatabasePlace } from '../config/config.ts';
import { findPassword, PasswordFileError } from './password-file.ts';

type PostgresPlace = Extract<DatabasePlace, { kind: 'postgres' }>;

export const oldestPostgres = 15;

/** Milliseconds. A request that waits longer than these for the database is answered with SP-5010. */
const limits = {
  connect: 5000,
  statement: 30_000,
  lock: 10_000,
  idleInTransaction: 30_000,
  /** An unused connection is given back after this. */
  idle: 60_000,
};

/** The types that PGlite reads as something else than pg does (bigint columns, counts): one reading for both. */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (oid === pg.types.builtins.INT8 && format !== 'binary') {
      return (text: string) => {
        const number = Number(text);
        return Number.isSafeInteger(number) ? number : BigInt(text);
      };
    }
    return pg.types.getTypeParser(oid, format);
  },
};

/**
 * What a connection to the server's database needs: the address given, then PGHOST, PGPORT, PGUSER, PGDATABASE. The password comes
 * from the file of PGPASSFILE (or ~/.pgpass) at each connection. Throws SP-5001 for what would be unsafe.
 */
export function postgresSettings(place: PostgresPlace, environment: NodeJS.ProcessEnv = process.env): pg.ClientConfig {
  if ((environment.PGPASSWORD ?? '') !== '') {
    throw new SallyportError(
      'SP-5001',
      'PGPASSWORD is set: a password in the environment is read by more programs than this one. Put it into the file that PGPASSFILE names (mode 0600) and unset PGPASSWORD.',
    );
  }
  const url = place.url === null ? null : new URL(place.url);
  const given = (text: string | undefined): string | undefined =>
    text === undefined || text === '' ? undefined : decodeURIComponent(text);
  const host = given(url?.hostname)?.replace(/^\[|\]$/g, '') ?? given(environment.PGHOST) ?? 'localhost';
  const user = given(url?.username) ?? given(environment.PGUSER) ?? os.userInfo().username;
  const port = Number(given(url?.port) ?? given(environment.PGPORT) ?? 5432);
  const database = given(url?.pathname.slice(1)) ?? given(environment.PGDATABASE) ?? user;
  return {
    host,
    port,
    user,
    database,
    password: async () => (await findPassword({ host, port, database, user }, environment)) ?? '',
    ssl: tlsSettings(host, environment),
    application_name: 'sallyport',
    keepAlive: true,
    connectionTimeoutMillis: limits.connect,
    // What was answered must still be there after a crash, whatever the database's own default is.
    options: '-c synchronous_commit=on -c default_transaction_isolation=read\\ committed',
    types,
  };
}

/**
 * TLS as PGSSLMODE says. Without it: none on this machine, verify-full elsewhere. The modes that encrypt for whoever answers are refused: they only
 * look like protection.
 */
function tlsSettings(host: string, environment: NodeJS.ProcessEnv): false | ConnectionOptions {
  const isHere = host.startsWith('/') || host === 'localhost' || host === '127.0.0.1' || host === '::1';
  const mode = environment.PGSSLMODE ?? (isHere ? 'disable' : 'verify-full');
  if (mode === 'disable') return false;
  if (mode !== 'verify-full' && mode !== 'verify-ca') {
    throw new SallyportError(
      'SP-5001',
      `PGSSLMODE=${mode.slice(0, 20)} does not check who answers. Set it to verify-full (with PGSSLROOTCERT for an authority of your own), or to disable on a network that nobody else is on.`,
    );
  }
  const read = (name: 'PGSSLROOTCERT' | 'PGSSLCERT' | 'PGSSLKEY'): string | undefined => {
    const file = environment[name];
    if (file === undefined || file === '' || file === 'system') return undefined;
    try {
      return readFileSync(file, 'utf8');
    } catch (cause) {
      throw new SallyportError(
        'SP-5001',
        `The file that ${name} names cannot be read. Check its path and permissions.`,
        {
          cause,
        },
      );
    }
  };
  const [ca, cert, key] = [read('PGSSLROOTCERT'), read('PGSSLCERT'), read('PGSSLKEY')];
  return {
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(isIP(host) === 0 && !host.startsWith('/') ? { servername: host } : {}),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** A pool whose failures are ours: every query or connection that the database does not carry out for its own reasons throws SP-5010. */
export function openPool(
  place: PostgresPlace,
  options: { connections: number; bounded: boolean; onLost(error: Error): void },
): pg.Pool {
  const pool = new pg.Pool({
    ...postgresSettings(place),
    max: options.connections,
    idleTimeoutMillis: limits.idle,
    ...(options.bounded
      ? {
          statement_timeout: limits.statement,
          lock_timeout: limits.lock,
          idle_in_transaction_session_timeout: limits.idleInTransaction,
          // The database may be gone without a word: then its own limits do not help.
          query_timeout: limits.statement + 5000,
        }
      : {}),
    Client: StoreClient,
  });
  // Of idle connections; without a listener they would end the process.
  pool.on('error', options.onLost);
  // And of those in use between two statements.
  pool.on('connect', (client) => client.on('error', options.onLost));
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
  const connectOrSay = (): Promise<pg.PoolClient> =>
    connect().catch((error: unknown) => {
      throw storeError(error);
    });
  return Object.assign(pool, { connect: connectOrSay });
}

/** Kysely calls `query(text, values)` and awaits; pg's own pool calls it with callbacks, which pass as they are. */
class StoreClient extends pg.Client {
  readonly #socket: Socket;
  readonly #password: { failure: unknown };

  constructor(config: pg.ClientConfig = {}) {
    const socket = new Socket();
    const { password } = config;
    const state = { failure: undefined as unknown };
    super({
      ...config,
      stream: () => socket,
      // What it throws would be replaced by pg's own words on a missing password.
      password: async () => {
        try {
          return typeof password === 'function' ? await password() : (password ?? '');
        } catch (error) {
          state.failure = error;
          return '';
        }
      },
    });
    this.#socket = socket;
    this.#password = state;
  }

  /** As pg's, but a connection that is not made is closed too: left half way, it would occupy the database for a minute (authentication_timeout). */
  override connect(...args: unknown[]): never {
    const made = super.connect.bind(this) as (callback: (error: Error | null) => void) => void;
    const connected = new Promise<void>((resolve, reject) => {
      made((error) => {
        if (error) this.#socket.destroy();
        if (error) reject(this.#password.failure ?? error);
        else resolve();
      });
    });
    const [callback] = args;
    if (typeof callback !== 'function') return connected as never;
    connected.then(
      () => callback(null, this),
      (error: unknown) => callback(error),
    );
    return undefined as never;
  }

  override query(...args: unknown[]): never {
    const run = super.query.bind(this) as (...all: unknown[]) => unknown;
    const result = run(...args);
    if (!(result instanceof Promise)) return result as never;
    return result.catch((error: unknown) => {
      // Not answered by the database: the connection may be dead, and whoever got it next would wait behind what it still owes.
      if (!(error instanceof pg.DatabaseError)) void this.end().catch(() => undefined);
      throw storeError(error);
    }) as never;
  }
}

/** What is wrong with the database itself, by SQLSTATE class (PostgreSQL, Appendix A); everything else is a mistake of a statement. */
const unavailable = /^(?:08|53|57|58|XX|40|25006|55P03|42501|3D000|28)/;

/**
 * The error as the rest of the server sees it: SP-5010 when the database is away, too busy, or does not let us; unchanged otherwise (a constraint, a
 * mistake in a statement).
 */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof SallyportError) return error;
  const state = error instanceof pg.DatabaseError ? error.code : undefined;
  if (state !== undefined && !unavailable.test(state)) return error;
  const why = wordsOf(state);
  return new SallyportError(
    'SP-5010',
    `The database ${why}, so what was asked may not have been done. Nothing that was acknowledged is lost. Try again in a moment; if it stays, whoever runs the server must look at it.`,
    { cause: error },
  );
}

function wordsOf(state: string | undefined): string {
  if (state === undefined || state.startsWith('08') || state.startsWith('57P')) return 'cannot be reached';
  if (state === '42501' || state.startsWith('28')) return "does not let the server's user do this";
  if (state === '53300') return 'takes no more connections';
  if (state === '53100') return 'has no space left';
  if (state === '25006') return 'takes no writes';
  return 'is too busy or does not work';
}

/** Whether the database refused, somewhere below, what its user asked. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SallyportError
    ? isRefusal(error.cause)
    : error instanceof pg.DatabaseError && error.code === '42501';
}

/** Why the first connection or migration failed, in words for whoever starts the server. */
export function startWords(error: unknown): string {
  let cause = error;
  while (cause instanceof SallyportError && cause.cause !== undefined) cause = cause.cause;
  if (cause instanceof PasswordFileError) return cause.message;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (code.startsWith('28') || (cause instanceof Error && /password|SASL/i.test(cause.message))) {
    return 'it does not accept the user or the password. Check PGUSER and the line in the file of PGPASSFILE (its mode must be 0600)';
  }
  if (code === '3D000') return 'there is no such database. Create it, owned by the user that the server connects as';
  if (code === '42501') {
    return 'the user may not do this there. Make it the owner of the database';
  }
  if (/CERT|TLS|SSL|ALTNAME/i.test(code) || (cause instanceof Error && /SSL|TLS|certificate/i.test(cause.message))) {
    return 'its TLS is not what was asked for. Check PGSSLMODE, PGSSLROOTCERT and the name in its certificate';
  }
  return `it does not answer (${code === '' ? 'no connection' : code}). Check that it runs, PGHOST and PGPORT`;
}
