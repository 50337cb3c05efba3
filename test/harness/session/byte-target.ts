import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Sshd } from './sshd.ts';

/** What the target saw and sent on the one channel of a connection. */
export interface Played {
  sent: Buffer[];
  received: Buffer[];
  /** `COLSxROWS` of the terminal that was asked for, then of each change. */
  sizes: string[];
  /** "shell", or the command. */
  ran: string;
}

/** What the other end of a session is: it writes, and waits for what it likes. */
export interface Stage {
  /** Sends bytes as one message, if they fit the window. Resolves when the channel takes more. */
  write(data: Uint8Array): Promise<void>;
  /** Resolves when so many bytes have been typed in all. */
  typed(bytes: number): Promise<void>;
  /** Resolves when the terminal has had so many sizes. */
  resized(sizes: number): Promise<void>;
}

/** An ssh2 server that plays bytes, and logs every byte it sends and gets: what a recording is compared with. */
export interface ByteTarget {
  sshd: Pick<Sshd, 'port' | 'login' | 'hostKey' | 'authority'>;
  /** What the next connection plays; the session then ends with status 0. Resolves with its log when it has ended. */
  play(act: (stage: Stage) => Promise<void>): Promise<Played>;
  stop(): void;
}

/** Numbers that others wait for: resolves when what is counted has come that far. */
function makeCounter() {
  let now = 0;
  const waiting: { until: number; go: () => void }[] = [];
  return {
    add(more: number) {
      now += more;
      for (const each of waiting) if (each.until <= now) each.go();
    },
    reaches: (until: number) => new Promise<void>((go) => (now >= until ? go() : waiting.push({ until, go }))),
  };
}

function run(channel: ServerChannel, played: Played, resized: ReturnType<typeof makeCounter>, act: Act): void {
  const typed = makeCounter();
  channel.on('data', (data: Buffer) => {
    played.received.push(data);
    typed.add(data.length);
  });
  const write = (data: Uint8Array) => {
    played.sent.push(Buffer.from(data));
    return new Promise<void>((go) => (channel.write(data) ? go() : channel.once('drain', go)));
  };
  void act({ write, typed: typed.reaches, resized: resized.reaches }).then(() => {
    channel.exit(0);
    channel.end();
  });
}

type Act = (stage: Stage) => Promise<void>;

export async function startByteTarget(): Promise<ByteTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-byte-target-'));
  for (const name of ['host', 'ca'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, name)]);
  const connections = new Set<Connection>();
  const acts: { act: Act; ended: (played: Played) => void }[] = [];
  const server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'host'))] }, (connection) => {
    connections.add(connection);
    const next = acts.shift();
    const played: Played = { sent: [], received: [], sizes: [], ran: '' };
    const resized = makeCounter();
    const size = (info: { cols: number; rows: number }) => {
      played.sizes.push(`${info.cols}x${info.rows}`);
      resized.add(1);
    };
    const begin = (channel: ServerChannel, ran: string) => {
      played.ran = ran;
      if (next !== undefined) run(channel, played, resized, next.act);
    };
    connection.on('error', () => undefined);
    connection.on('close', () => next?.ended(played));
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      const session = accept();
      session.on('pty', (acceptPty, _reject, info) => {
        size(info);
        acceptPty();
      });
      session.on('window-change', (_accept, _reject, info) => size(info));
      session.on('shell', (acceptShell) => begin(acceptShell(), 'shell'));
      session.on('exec', (acceptExec, _reject, info) => begin(acceptExec(), info.command));
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
    play: (act) => new Promise((ended) => acts.push({ act, ended })),
    stop() {
      for (const connection of connections) connection.end();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
