import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IPty, spawn } from 'node-pty';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Sshd } from './sshd.ts';

/** A target that is not OpenSSH: an ssh2 server with a shell on a real pseudo terminal behind it, which keeps every byte it sent. */
export interface PtyTarget {
  sshd: Pick<Sshd, 'port' | 'login' | 'hostKey' | 'authority'>;
  /** All that the shells wrote towards the launcher. */
  sent(): Buffer;
  /** Resolves when the shell that was started last has gone. */
  shellGone(): Promise<void>;
  stop(): void;
}

function shellBehind(channel: ServerChannel, size: { cols: number; rows: number }, keep: (data: Buffer) => void): IPty {
  // `encoding: null` hands the bytes over as they are.
  const pty = spawn('/bin/bash', ['--norc', '--noprofile', '-i'], {
    ...size,
    name: 'xterm-256color',
    encoding: null,
    env: { PATH: process.env.PATH ?? '', PS1: '$ ', TERM: 'xterm-256color', HOME: tmpdir() },
  });
  pty.onData((data: unknown) => {
    if (!Buffer.isBuffer(data)) throw new Error('the pseudo terminal gave text');
    keep(data);
    channel.write(data);
  });
  channel.on('data', (data: Buffer) => pty.write(data.toString('utf8')));
  channel.on('close', () => pty.kill('SIGHUP'));
  pty.onExit(({ exitCode }) => {
    channel.exit(exitCode);
    channel.end();
  });
  return pty;
}

/** Starts one on a free port of 127.0.0.1. */
export async function startPtyTarget(): Promise<PtyTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pty-target-'));
  for (const name of ['host', 'ca'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  const connections = new Set<Connection>();
  const sent: Buffer[] = [];
  let gone = Promise.resolve();
  const server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'host'))] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      const session = accept();
      let size = { cols: 80, rows: 24 };
      let pty: IPty | undefined;
      session.on('pty', (acceptPty, _reject, info) => {
        size = { cols: info.cols, rows: info.rows };
        acceptPty();
      });
      session.on('window-change', (_accept, _reject, info) => pty?.resize(info.cols, info.rows));
      session.on('shell', (acceptShell) => {
        const shell = shellBehind(acceptShell(), size, (data) => sent.push(data));
        pty = shell;
        gone = new Promise((resolve) => shell.onExit(() => resolve()));
      });
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
    sent: () => Buffer.concat(sent),
    shellGone: () => gone,
    stop() {
      for (const connection of connections) connection.end();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
