import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findPostgres } from '../../scripts/lib/postgres.mjs';

const run = promisify(execFile);
const user = 'sallyport';

/** A PostgreSQL of its own on loopback, in a temporary folder. */
export interface Cluster {
  readonly port: number;
  /** Holds the password of `sallyport`: what PGPASSFILE names. */
  readonly passwordFile: string;
  /** `postgres://...` of a database in it, without a password: for `--database`. */
  url(database: string): string;
  stop(how?: 'fast' | 'immediate'): Promise<void>;
  /** On the same port and folder again. */
  start(): Promise<void>;
  /** Takes TLS connections from now on, beside others. PEM. */
  useTls(chain: string, key: string): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

/** PostgreSQL refuses to run as root: there it runs as its own account, which the package makes. */
async function asPostgres(program: string, args: string[]): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const [file, all] = isRoot
    ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', program, ...args]]
    : [program, args];
  // Inherited, the pipes would be held open by the server that pg_ctl leaves behind.
  await run(file, all, { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' }, timeout: 60_000 });
}

async function accountOfPostgres(): Promise<{ uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const [uid, gid] = await Promise.all([run('id', ['-u', 'postgres']), run('id', ['-g', 'postgres'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A test run that is killed takes its cluster along: the pipe to this process closes when it ends, however that is. */
function cleanUpAfterUs(folder: string): ChildProcess {
  const script = `read -r _; pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"; sleep 1; rm -rf "$1"`;
  const child = spawn('sh', ['-c', script, 'sh', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  return child;
}

/** Makes and starts a cluster in about a second. Throws when PostgreSQL is not installed (see `findPostgres`). */
export async function startCluster(): Promise<Cluster> {
  const bin = findPostgres();
  if (bin === null) throw new Error('PostgreSQL 15 or newer is not installed');
  const folder = mkdtempSync(path.join(tmpdir(), 'sp-pg-'));
  const account = await accountOfPostgres();
  if (account !== null) chownSync(folder, account.uid, account.gid);
  const password = randomBytes(12).toString('hex');
  const initial = path.join(folder, 'initial');
  writeFileSync(initial, `${password}\n`, { mode: 0o600 });
  if (account !== null) chownSync(initial, account.uid, account.gid);
  const data = path.join(folder, 'data');
  await asPostgres(path.join(bin, 'initdb'), [
    ...['-D', data, '-U', user, '--auth=scram-sha-256', `--pwfile=${initial}`],
    ...['--encoding=UTF8', '--no-locale', '--no-sync', '--no-instructions'],
  ]);
  const port = await freePort();
  const settings = [
    `listen_addresses = '127.0.0.1'`,
    `port = ${port}`,
    `unix_socket_directories = ''`,
    // Its folder is thrown away: nothing here has to survive a power cut.
    'fsync = off',
    'full_page_writes = off',
    'shared_buffers = 32MB',
    'max_connections = 200',
    'autovacuum = off',
    `log_line_prefix = '%m [%p] %d '`,
  ];
  writeFileSync(path.join(data, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
  const passwordFile = path.join(folder, 'pgpass');
  writeFileSync(passwordFile, `127.0.0.1:${port}:*:${user}:${password}\n`, { mode: 0o600 });
  const control = (...args: string[]) => asPostgres(path.join(bin, 'pg_ctl'), ['-D', data, '-w', ...args]);
  const cluster: Cluster = {
    port,
    passwordFile,
    url: (database) => `postgres://${user}@127.0.0.1:${port}/${database}`,
    start: () => control('-s', '-l', path.join(folder, 'data', 'server.log'), 'start'),
    stop: (how = 'fast') => control('-s', '-m', how, 'stop'),
    async useTls(chain, key) {
      for (const [name, text] of [
        ['server.crt', chain],
        ['server.key', key],
      ] as const) {
        writeFileSync(path.join(data, name), text, { mode: 0o600 });
        if (account !== null) chownSync(path.join(data, name), account.uid, account.gid);
      }
      appendFileSync(path.join(data, 'postgresql.auto.conf'), 'ssl = on\n');
      await control('-s', 'reload');
      // Read by the next connections when the server has heard the signal.
      for (let tls = 'off'; tls !== 'on'; ) tls = String((await administer(cluster, 'show ssl'))[0]?.ssl);
    },
    async remove() {
      await cluster.stop('immediate').catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
      watch.stdin?.end();
    },
  };
  const watch = cleanUpAfterUs(folder);
  try {
    await cluster.start();
  } catch (error) {
    await cluster.remove();
    throw error;
  }
  return cluster;
}

/** One statement as the owner of everything in the cluster, outside of any pool. */
export async function administer(
  place: { port: number; passwordFile: string },
  statement: string,
  database = 'postgres',
): Promise<Record<string, unknown>[]> {
  const password = readFileSync(place.passwordFile, 'utf8').trim().split(':')[4] ?? '';
  const client = new pg.Client({ host: '127.0.0.1', port: place.port, user, database, password });
  await client.connect();
  try {
    return (await client.query(statement)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

export const templateName = 'sallyport_template';
