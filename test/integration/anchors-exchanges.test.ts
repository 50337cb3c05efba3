import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2, { type ClientChannel, type Connection, type KexAlgorithm, type ServerHostKeyAlgorithm } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anchorName, checkAnchorClaims, checkAnchorSecret } from '../../src/recording/evidence/anchor.ts';
import { exchangeHash } from '../../src/recording/evidence/anchor-exchange.ts';
import { lineOfBlob } from '../../src/recording/signatures/keys.ts';
import type { Anchor } from '../../src/shared/record/anchors.ts';
import { cipherAlgorithms, kexAlgorithms } from '../../src/ssh/algorithms.ts';
import { type KeptExchange, keepExchanges } from '../../src/ssh/kept-exchanges.ts';
import { protocolOf, watchExchanges } from '../../src/ssh/ssh2-internals.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';

interface Carried {
  name: string;
  digest: string;
}

/** A client of ssh2 on a real server whose exchanges are kept, and that starts them when told. */
interface Connected {
  client: ssh2.Client;
  /** Starts one and resolves with it when it is complete, whoever began it. */
  exchange(): Promise<KeptExchange<Carried>>;
  /** Resolves with the next that is complete, and starts none. */
  next(): Promise<KeptExchange<Carried>>;
  /** What the library computed, in its own buffers. */
  secrets: Buffer[];
  kept: KeptExchange<Carried>[];
}

let folder: string;
let sshd: Sshd;
const clients: ssh2.Client[] = [];

/** Everything of an exchange that an anchor holds, checked; null when it all holds. */
function check(exchange: KeptExchange<Carried>): string | null {
  const text = (bytes: Buffer) => bytes.toString('base64');
  const { kex, hostKeyAlgorithm, cipher, startedBy, carried } = exchange;
  const anchor: Anchor = {
    'sallyport-anchor': 1,
    session: 's',
    seq: 0,
    subject: 'head',
    lines: 1,
    digest: carried.digest,
    startedBy,
    kex,
    hostKeyAlgorithm,
    cipher,
    sshSessionId: text(exchange.sshSessionId),
    clientVersion: text(exchange.clientVersion),
    serverVersion: text(exchange.serverVersion),
    clientKexInit: text(exchange.clientKexInit),
    serverKexInit: text(exchange.serverKexInit),
    hostKey: text(exchange.hostKey),
    clientShare: text(exchange.clientShare),
    serverShare: text(exchange.serverShare),
    signature: text(exchange.signature),
    exchangeHash: '',
    secret: '',
  };
  const whole = { ...anchor, exchangeHash: exchangeHash(anchor, exchange.secret)?.toString('base64') ?? '' };
  const hostKeys = [lineOfBlob(exchange.hostKey)];
  const claims = { session: 's', seq: 0, subject: 'head' as const, lines: 1, digest: carried.digest, hostKeys };
  return checkAnchorClaims(whole, claims) ?? checkAnchorSecret(whole, exchange.secret);
}

async function connect({ port = 0, ...config }: ssh2.ConnectConfig): Promise<Connected> {
  const client = new ssh2.Client();
  clients.push(client);
  const kept: KeptExchange<Carried>[] = [];
  let count = 0;
  let waiting: ((exchange: KeptExchange<Carried>) => void)[] = [];
  const ready = new Promise<void>((resolve, reject) => client.once('ready', resolve).once('error', reject));
  // As a session's own: ssh2 leaves Nagle's algorithm on, which costs 40 ms at each turn.
  const sock = connectTcp({ host: '127.0.0.1', port, noDelay: true });
  client.connect({ sock, hostVerifier: () => true, ...config });
  const exchanges = keepExchanges<Carried>(client, {
    // Another each time it is asked, as the head of a manifest may be: what was sent is what counts.
    carry() {
      count += 1;
      const digest = createHash('sha256').update(String(count)).digest('hex');
      return { name: anchorName(digest), digest };
    },
    kept(exchange) {
      kept.push(exchange);
      for (const resolve of waiting.splice(0)) resolve(exchange);
    },
  });
  const secrets: Buffer[] = [];
  watchExchanges(protocolOf(client), (exchange) => {
    const computeSecret = exchange.computeSecret;
    exchange.computeSecret = (share) => {
      const secret = computeSecret.call(exchange, share);
      if (Buffer.isBuffer(secret)) secrets.push(secret);
      return secret;
    };
  });
  await ready;
  const next = () =>
    new Promise<KeptExchange<Carried>>((resolve) => {
      waiting = [...waiting, resolve];
    });
  return {
    client,
    kept,
    secrets,
    next,
    exchange() {
      const complete = next();
      exchanges.start();
      return complete;
    },
  };
}

function shellOf(client: ssh2.Client): Promise<ClientChannel> {
  return new Promise((resolve, reject) =>
    client.exec('cat', (error, channel) => (error === undefined ? resolve(channel) : reject(error))),
  );
}

/** More in a measurement than in a test (SALLYPORT_ANCHOR_TURNS=1000). */
const turns = Number(process.env.SALLYPORT_ANCHOR_TURNS ?? 60);
/** Lines under way at a time: both directions are always busy, and nothing queues up. */
const ahead = 50;

/** Sends numbered lines through a channel that gives them back until `over`; resolves with their number when all are back, in their order. */
function roundTrip(channel: NodeJS.ReadWriteStream, over: () => boolean): Promise<number> {
  const line = (number: number) => `line ${String(number).padStart(7, '0')} ${'x'.repeat(40)}\n`;
  let sent = 0;
  let back = 0;
  let rest = '';
  return new Promise((resolve, reject) => {
    const send = () => {
      while (!over() && sent < back + ahead) {
        channel.write(line(sent));
        sent += 1;
      }
      if (back === sent && over()) resolve(sent);
    };
    channel.on('data', (data: Buffer) => {
      const parts = `${rest}${data.toString('latin1')}`.split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        if (`${part}\n` !== line(back)) return reject(new Error(`line ${back} came back as ${part}`));
        back += 1;
      }
      send();
    });
    send();
  });
}

const percentile = (sorted: number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-exchanges-'));
  for (const type of ['rsa', 'ecdsa', 'ed25519'])
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', join(folder, type)]);
  writeFileSync(join(folder, 'authorized'), readFileSync(join(folder, 'ed25519.pub')));
  sshd = await startSshd([
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    `HostKey ${join(folder, 'rsa')}`,
    `HostKey ${join(folder, 'ecdsa')}`,
    'KexAlgorithms +diffie-hellman-group16-sha512,diffie-hellman-group18-sha512',
  ]);
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function toSshd(algorithms: ssh2.Algorithms = {}): Promise<Connected> {
  return connect({
    port: sshd.port,
    username: sshd.login,
    privateKey: readFileSync(join(folder, 'ed25519')),
    algorithms: { cipher: cipherAlgorithms, ...algorithms },
  });
}

describe('a kept exchange with OpenSSH', () => {
  const ofKinds: ServerHostKeyAlgorithm[] = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'];
  const combinations = kexAlgorithms.map((kex, at): [KexAlgorithm, ServerHostKeyAlgorithm] => [
    kex,
    ofKinds[at % ofKinds.length] ?? 'ssh-ed25519',
  ]);

  it.each(combinations)('by %s under %s is signed by the host key, digest and all', async (kex, serverHostKey) => {
    const one = await toSshd({ kex: [kex], serverHostKey: [serverHostKey] });
    const exchange = await one.exchange();
    expect(check(exchange)).toBeNull();
    expect(exchange).toMatchObject({ kex, hostKeyAlgorithm: serverHostKey, startedBy: 'launcher' });
    // The first exchange is not among them.
    expect(one.kept).toHaveLength(1);
    let looks = 0;
    const lines = roundTrip(await shellOf(one.client), () => {
      looks += 1;
      return looks > 5;
    });
    expect(await lines).toBeGreaterThan(0);
    one.client.end();
  });

  it("leaves no secret with the library, the first one's least of all", async () => {
    const one = await toSshd();
    await one.exchange();
    expect(one.secrets).toHaveLength(2);
    for (const secret of one.secrets) expect(secret).toEqual(Buffer.alloc(secret.length));
    expect(one.kept[0]?.secret).not.toEqual(Buffer.alloc(32));
    one.client.end();
  });

  it('holds nothing up for long, loses nothing and reorders nothing: many of them while lines go both ways', async () => {
    const one = await toSshd();
    const channel = await shellOf(one.client);
    const pauses: number[] = [];
    const lines = roundTrip(channel, () => pauses.length === turns);
    while (pauses.length < turns) {
      await once(channel, 'data');
      const from = performance.now();
      await one.exchange();
      pauses.push(performance.now() - from);
    }
    const count = await lines;
    expect(count).toBeGreaterThan(turns);
    expect(one.kept.map(check).filter((wrong) => wrong !== null)).toEqual([]);
    expect(new Set(one.kept.map((exchange) => exchange.carried.digest)).size).toBe(one.kept.length);
    pauses.sort((a, b) => a - b);
    console.log(
      `${pauses.length} exchanges while ${count} lines went both ways: pause p50 ${percentile(pauses, 0.5)?.toFixed(1)} ms, p99 ${percentile(pauses, 0.99)?.toFixed(1)} ms, worst ${pauses.at(-1)?.toFixed(1)} ms`,
    );
    one.client.end();
  });
});

describe('a kept exchange with a server that starts its own', () => {
  it('is none in the middle of the login, where a password crosses: the one after it is the first', async () => {
    const server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'ed25519'))] }, (opened) => {
      opened.on('error', () => undefined);
      opened.on('authentication', (context) => {
        if (context.method === 'none') return context.reject(['password']);
        opened.rekey(() => context.accept());
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'string' || address === null ? 0 : address.port;
    const one = await connect({
      port,
      username: 'someone',
      password: 'a password',
      algorithms: { cipher: cipherAlgorithms },
    });
    expect(one.secrets).toHaveLength(2);
    for (const secret of one.secrets) expect(secret).toEqual(Buffer.alloc(secret.length));
    expect(one.kept).toEqual([]);
    expect(check(await one.exchange())).toBeNull();
    expect(one.kept).toHaveLength(1);
    one.client.end();
    server.close();
  });

  it('meets one of the other side 20 times: each is one exchange, and no line is lost', async () => {
    const connected = Promise.withResolvers<Connection>();
    const server = new ssh2.Server({ hostKeys: [readFileSync(join(folder, 'ed25519'))] }, (opened) => {
      connected.resolve(opened);
      opened.on('error', () => undefined);
      opened.on('authentication', (context) => context.accept());
      opened.on('session', (accept) =>
        accept().on('exec', (acceptExec) => {
          const channel = acceptExec();
          channel.pipe(channel);
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'string' || address === null ? 0 : address.port;
    const one = await connect({ port, username: 'someone', algorithms: { cipher: cipherAlgorithms } });
    const channel = await shellOf(one.client);
    const opened = await connected.promise;
    let over = false;
    const lines = roundTrip(channel, () => over);
    for (let turn = 0; turn < 20; turn += 1) {
      // Both in one turn: neither has heard of the other's. Every fifth is the other side's alone.
      const complete = once(opened, 'rekey');
      opened.rekey();
      await Promise.all([complete, turn % 5 === 0 ? one.next() : one.exchange()]);
    }
    over = true;
    expect(await lines).toBeGreaterThan(50);
    expect(one.kept).toHaveLength(20);
    expect(one.kept.map(check).filter((wrong) => wrong !== null)).toEqual([]);
    const starters = one.kept.map((exchange) => exchange.startedBy);
    expect(starters.filter((by) => by === 'target')).toHaveLength(4);
    one.client.end();
    server.close();
  });
});
