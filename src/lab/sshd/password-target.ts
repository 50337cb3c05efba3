import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type IPty, spawn } from 'node-pty';
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Session } from 'ssh2';
import { prepareHome } from './home.ts';
import { hostKeyOf } from './start-sshd.ts';

/**
 * A target that takes nothing but a password: an SSH server in the lab's own process with a shell on a real pseudo terminal behind it. OpenSSH's sshd checks
 * passwords only as root, and the lab is for everyone.
 */
export interface PasswordTarget {
  name: string;
  port: number;
  hostKey: string;
  login: string;
  /** One line per event: `<ISO time with ms> <line>`, in sshd's words where it has some. */
  log: string;
  /** True when it has no password yet: nobody gets in until there is one. */
  needsPassword: boolean;
  /** From now on this is the password. What is kept of it is what shadow(5) keeps: a salted hash. */
  setPassword(password: string): void;
  stop(): Promise<void>;
}

/** A new password: long, and with characters that must survive every way. */
export function makePassword(): string {
  return `${randomBytes(15).toString('base64url')} ä"'\\$`;
}

const hashBytes = 32;

function hashOf(password: string, salt: Buffer): Buffer {
  return scryptSync(password.normalize('NFC'), salt, hashBytes);
}

function openVerifier(file: string) {
  return {
    exists: () => existsSync(file),
    set(password: string) {
      const salt = randomBytes(16);
      writeFileSync(`${file}.new`, Buffer.concat([salt, hashOf(password, salt)]), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    check(password: string): boolean {
      if (!existsSync(file)) return false;
      const stored = readFileSync(file);
      const [salt, hash] = [stored.subarray(0, 16), stored.subarray(16)];
      return hash.length === hashBytes && timingSafeEqual(hashOf(password, salt), hash);
    },
  };
}

function runShell(channel: ServerChannel, shell: string, login: string, size: { cols: number; rows: number }): IPty {
  // `encoding: null` hands the bytes over as they are.
  const pty = spawn(shell, [], {
    ...size,
    name: 'xterm-256color',
    encoding: null,
    env: { PATH: '/usr/bin:/bin', TERM: 'xterm-256color', USER: login, LOGNAME: login },
  });
  // node-pty's types know text only; with `encoding: null` it is bytes.
  pty.onData((data: unknown) => {
    if (!channel.write(data as Buffer)) {
      pty.pause();
      channel.once('drain', () => pty.resume());
    }
  });
  channel.on('data', (data: Buffer) => pty.write(data as unknown as string));
  channel.on('close', () => pty.kill('SIGHUP'));
  pty.onExit(({ exitCode }) => {
    channel.exit(exitCode);
    channel.end();
  });
  return pty;
}

function serveSession(session: Session, shell: string, login: string): void {
  let size = { cols: 80, rows: 24 };
  let pty: IPty | undefined;
  session.on('pty', (accept, _reject, info) => {
    size = { cols: info.cols, rows: info.rows };
    accept();
  });
  session.on('window-change', (_accept, _reject, info) => pty?.resize(info.cols, info.rows));
  session.on('shell', (accept) => {
    pty = runShell(accept(), shell, login, size);
  });
}

/** Starts one on 127.0.0.1 and resolves when it listens. `methods`: how it asks for the password. */
export async function startPasswordTarget(options: {
  name: string;
  folder: string;
  port: number;
  login: string;
  methods: ('password' | 'keyboard-interactive')[];
}): Promise<PasswordTarget> {
  const { name, folder, port, login, methods } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const hostKey = await hostKeyOf(folder);
  const shell = prepareHome({ folder, host: name });
  const verifier = openVerifier(path.join(folder, 'password.scrypt'));
  const log = path.join(folder, 'sshd.log');
  const say = (line: string) => appendFileSync(log, `${new Date().toISOString()} ${line}\n`);
  const connections = new Set<Connection>();

  function decide(context: AuthContext, password: string, from: string): void {
    const right = context.username === login && verifier.check(password);
    say(`${right ? 'Accepted' : 'Failed'} ${context.method} for ${login} from ${from} ssh2`);
    if (right) context.accept();
    else context.reject(methods);
  }

  const server = new ssh2.Server({ hostKeys: [readFileSync(path.join(folder, 'host_key'))] }, (connection, info) => {
    const from = `${info.ip} port ${info.port}`;
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => {
      connections.delete(connection);
      say(`Connection closed by ${from}`);
    });
    connection.on('authentication', (context) => {
      if (context.method === 'password' && methods.includes('password')) decide(context, context.password, from);
      else if (context.method === 'keyboard-interactive' && methods.includes('keyboard-interactive'))
        context.prompt([{ prompt: `(${login}@${name}) Password: `, echo: false }], (answers) =>
          decide(context, answers[0] ?? '', from),
        );
      else context.reject(methods);
    });
    connection.on('session', (accept) => serveSession(accept(), shell, login));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return {
    name,
    port,
    hostKey,
    login,
    log,
    needsPassword: !verifier.exists(),
    setPassword: verifier.set,
    async stop() {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
