import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IPty, spawn } from 'node-pty';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';
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

/** Who is let in, by ssh2's own context. */
export type Authentication = (context: AuthContext) => void;

/** A round of keyboard-interactive prompts (RFC 4256), and what it takes to be let in after the last. */
export interface Round {
  prompts: { prompt: string; echo: boolean }[];
  /** Whether these answers are right; a round without it takes any. */
  right?: (answers: string[]) => boolean;
}

/** Lets in whoever gives the password, by the methods named. Each password that was given is kept in `given`. */
export function byPassword(options: {
  password: string;
  methods: ('password' | 'keyboard-interactive')[];
  rounds?: Round[];
  given?: string[];
}): Authentication {
  const { password, methods, given = [] } = options;
  const right = (answers: string[]) => {
    given.push(...answers);
    return answers[0] === password;
  };
  const rounds = options.rounds ?? [{ prompts: [{ prompt: 'Password: ', echo: false }] }];
  return (context) => {
    if (context.method === 'password' && methods.includes('password'))
      return right([context.password]) ? context.accept() : context.reject(methods);
    if (context.method !== 'keyboard-interactive' || !methods.includes('keyboard-interactive'))
      return context.reject(methods);
    const ask = (at: number): void => {
      const round = rounds[at];
      if (round === undefined) context.accept();
      else
        context.prompt(round.prompts, (answers) => {
          if ((round.right ?? right)(answers)) ask(at + 1);
          else context.reject(methods);
        });
    };
    ask(0);
  };
}

/** Starts one on a free port of 127.0.0.1. Everyone is let in unless `authentication` says otherwise. */
export async function startPtyTarget(
  options: { authentication?: Authentication; login?: string; onConnection?: (connection: Connection) => void } = {},
): Promise<PtyTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pty-target-'));
  for (const name of ['host', 'ca'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  const connections = new Set<Connection>();
  const sent: Buffer[] = [];
  let gone = Promise.resolve();
  const server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'host'))] }, (connection) => {
    connections.add(connection);
    options.onConnection?.(connection);
    connection.on('error', () => undefined);
    connection.on('authentication', options.authentication ?? ((context) => context.accept()));
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
      login: options.login ?? 'someone',
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
