import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Sshd } from '../harness/session/sshd.ts';

/** One shell that says exactly what it is told to. */
export interface ByteShell {
  /** Resolves when the launcher may get it (SSH's window counts). */
  write(data: Buffer): Promise<void>;
  /** Resolves with the next size that the launcher asks for. */
  resized(): Promise<{ cols: number; rows: number }>;
  /** All that came from the launcher. */
  got(): Buffer;
  exit(): void;
}

/** A target that plays bytes: an ssh2 server whose shells are handed to the test. */
export interface ByteTarget {
  sshd: Pick<Sshd, 'port' | 'login' | 'hostKey' | 'authority'>;
  /** Resolves with the next shell that is opened. */
  shell(): Promise<ByteShell>;
  stop(): void;
}

function shellOn(channel: ServerChannel, sizes: { next(): Promise<{ cols: number; rows: number }> }): ByteShell {
  const got: Buffer[] = [];
  channel.on('data', (data: Buffer) => got.push(data));
  return {
    write: (data) =>
      new Promise((resolve) => {
        if (channel.write(data)) resolve();
        else channel.once('drain', resolve);
      }),
    resized: () => sizes.next(),
    got: () => Buffer.concat(got),
    exit() {
      channel.exit(0);
      channel.end();
    },
  };
}

/** Values that come before or after they are asked for. */
function queue<T>(): { push(value: T): void; next(): Promise<T> } {
  const values: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    push(value) {
      const first = waiting.shift();
      if (first === undefined) values.push(value);
      else first(value);
    },
    next: () => {
      const value = values.shift();
      return value === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(value);
    },
  };
}

/** Starts one on a free port of 127.0.0.1. */
export async function startByteTarget(): Promise<ByteTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-byte-target-'));
  for (const name of ['host', 'ca'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  const connections = new Set<Connection>();
  const shells = queue<ByteShell>();
  const server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'host'))] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      const session = accept();
      const sizes = queue<{ cols: number; rows: number }>();
      session.on('pty', (acceptPty) => acceptPty());
      session.on('window-change', (_accept, _reject, { cols, rows }) => sizes.push({ cols, rows }));
      session.on('shell', (acceptShell) => shells.push(shellOn(acceptShell(), sizes)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    sshd: {
      port: address.port,
      login: 'someone',
      hostKey: readFileSync(join(folder, 'host.pub'), 'utf8').trim(),
      authority: join(folder, 'ca'),
    },
    shell: shells.next,
    stop() {
      for (const connection of connections) connection.end();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
