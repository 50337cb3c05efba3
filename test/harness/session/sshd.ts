import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** A real OpenSSH server on loopback that trusts one certificate authority. */
export interface Sshd {
  folder: string;
  port: number;
  /** The account that may be logged in to: the one that runs the test. */
  login: string;
  /** OpenSSH line. */
  hostKey: string;
  /** Path of the authority's private key, for `ssh-keygen -s`. */
  authority: string;
  log(): string;
  /** Resolves when the log matches. */
  logged(pattern: RegExp): Promise<void>;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function makeKey(file: string, type = 'ed25519'): string {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file]);
  return readFileSync(`${file}.pub`, 'utf8').trim();
}

/** `extra`: more lines of sshd_config. */
export async function startSshd(extra: string[] = []): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sshd-'));
  const logFile = join(folder, 'log');
  writeFileSync(logFile, '');
  const hostKey = makeKey(join(folder, 'host'));
  const authority = join(folder, 'ca');
  makeKey(authority);
  const port = await freePort();
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      // The first value of an option counts.
      ...extra,
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(folder, 'host')}`,
      'PidFile none',
      `TrustedUserCAKeys ${authority}.pub`,
      'AuthorizedKeysFile none',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'StrictModes no',
      'UsePAM no',
      'PrintMotd no',
      'PrintLastLog no',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  const path = ['/usr/sbin/sshd', '/usr/bin/sshd'].find(existsSync);
  if (path === undefined) throw new Error('sshd is not installed: npm run setup');
  const child = spawn(path, ['-D', '-f', join(folder, 'sshd_config'), '-E', logFile], { stdio: 'ignore' });
  const sshd: Sshd = {
    folder,
    port,
    login: userInfo().username,
    hostKey,
    authority,
    log: () => readFileSync(logFile, 'utf8'),
    logged: (pattern) => until(() => pattern.test(readFileSync(logFile, 'utf8')), `${pattern} in sshd's log`),
    stop: () => stopChild(child),
  };
  await until(() => accepts(port), 'sshd to listen');
  // The probe's own words must not turn up in the middle of a test.
  await sshd.logged(/Connection (closed|reset) by|Did not receive identification/);
  return sshd;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

export function stopChild(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Asks again and again, for things outside this process that send no event. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
