import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseManifest } from '../../src/recording/manifest/parse-manifest.ts';
import { publicKeyLine, signBlob } from '../../src/recording/signatures/keys.ts';
import { openRecorder } from '../../src/session/recorder/open-recorder.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { type Sshd, startSshd } from '../harness/session/sshd.ts';

let sshd: Sshd;
let scratch: string;
const worlds: World[] = [];
const closers: (() => void)[] = [];

async function session(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await startSession({ sshd, ...options });
  worlds.push(world);
  return world;
}

const opened = (world: World) => world.owner('state', (message) => message.state.state === 'open');

/** Resolves with the next change to that state, of the past from `from` on or to come. */
async function reaches(world: World, state: string, from = 0): Promise<void> {
  await world.owner('state', (message) => message.state.state === state && world.owned.lastIndexOf(message) >= from);
}

beforeAll(async () => {
  buildSession();
  scratch = mkdtempSync(join(tmpdir(), 'sallyport-refusals-'));
  sshd = await startSshd(['LogLevel DEBUG1']);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(worlds.splice(0).map((world) => world.stop()));
  for (const close of closers.splice(0)) close();
});
afterAll(async () => {
  await sshd?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

async function listening(server: Pick<Server, 'listen' | 'address' | 'close'>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  closers.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Accepts, and never says anything. */
function mute(): Promise<number> {
  return listening(createServer((socket) => void socket.on('error', () => undefined)));
}

/** The real sshd, of which only the greeting and half of its KEXINIT come through. */
function stalledInKeyExchange(): Promise<number> {
  return listening(
    createServer((client) => {
      const target = connect(sshd.port, '127.0.0.1');
      let left = 300;
      for (const socket of [client, target] as Socket[]) socket.on('error', () => undefined);
      client.on('data', (data) => target.write(data));
      client.on('close', () => target.destroy());
      target.on('data', (data) => {
        client.write(data.subarray(0, left));
        left = Math.max(0, left - data.length);
      });
    }),
  );
}

/** Proves its host key, then takes the login and never answers it. */
async function stalledAtLogin(): Promise<{ port: number; hostKey: string }> {
  const key = join(scratch, 'slow-host');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
  const server = new ssh2.Server({ hostKeys: [readFileSync(key)] }, (connection) => {
    connection.on('error', () => undefined);
    connection.on('authentication', () => undefined);
  });
  return { port: await listening(server as unknown as Server), hostKey: readFileSync(`${key}.pub`, 'utf8').trim() };
}

describe('refusal: a slow target', () => {
  it('is given up where it stalls: mute, in the key exchange, at the login; each is said and recorded', async () => {
    const slow = await stalledAtLogin();
    const cases: [string, Partial<WorldOptions>, RegExp][] = [
      ['greeting', { sshd: { ...sshd, port: await mute() } }, /^web-1 took the connection, but said nothing\./],
      [
        'key exchange',
        { sshd: { ...sshd, port: await stalledInKeyExchange() } },
        /did not finish it\. Nothing of a login/,
      ],
      ['login', { sshd: { ...sshd, ...slow } }, /proved its host key, but did not answer the login/],
    ];
    // At once: each takes as long as the launcher is patient.
    await Promise.all(
      cases.map(async ([stalled, options, words]) => {
        const world = await session(options);
        const { reason, complete } = await world.ended();
        expect(reason).toMatchObject({ kind: 'connect-failed', problem: { code: 'SP-2104', facts: { stalled } } });
        const message = 'problem' in reason ? reason.problem.message : '';
        expect(message).toMatch(words);
        expect(message).toMatch(/given up after 20 s; try again, and if it stays, ask its owner\.$/);
        expect(complete).toBe(true);
        expect(world.text()).toBe('');
        const { end } = parseManifest(readFileSync(join(world.folder, 'manifest'), 'utf8'));
        expect(end?.reason).toContain('SP-2104');
        expect(world.owned.some((one) => one.type === 'login-signature')).toBe(stalled === 'login');
      }),
    );
  });
});

describe('refusal: the clock of the target or of the server is wrong', () => {
  /** A certificate of another time, by the authority that the target trusts: what sshd sees when one of the two clocks is off by a day. */
  function certificateOf(validity: string): { line: string[]; key: KeyObject } {
    const key = generateKeyPairSync('ed25519').privateKey;
    const folder = mkdtempSync(join(scratch, 'certificate-'));
    writeFileSync(join(folder, 'key.pub'), `${publicKeyLine(key)}\n`);
    const args = ['-q', '-s', sshd.authority, '-I', 'a day off', '-n', sshd.login, '-V', validity];
    execFileSync('ssh-keygen', [...args, join(folder, 'key.pub')]);
    return { line: readFileSync(join(folder, 'key-cert.pub'), 'utf8').split(' '), key };
  }

  it.each([
    ['ahead', '-1d:-1430m', /Certificate invalid: expired/],
    ['behind', '+1430m:+1d', /Certificate invalid: not yet valid/],
  ])(
    'target %s by a day: SP-2040, the words name the clocks, the record is complete',
    async (_which, validity, seen) => {
      const before = sshd.log().length;
      const { line, key } = certificateOf(validity);
      const [algorithm = '', certificate = ''] = line;
      const world = await session({
        grant: { credential: { kind: 'certificate', algorithm, certificate } },
        answer: ({ id, toSign }) => ({
          type: 'login-signature-answer',
          id,
          signature: signBlob(key, Buffer.from(toSign, 'base64')).toString('base64'),
          problem: null,
        }),
      });
      const ended = await world.ended();
      expect(ended).toMatchObject({ reason: { kind: 'auth-failed', problem: { code: 'SP-2040' } }, complete: true });
      expect(JSON.stringify(ended)).toContain('the clocks of target and control server must agree');
      expect(sshd.log().slice(before)).toMatch(seen);
    },
  );
});

describe('security 19 and 11: the wall clock jumps by a day in the middle of a session', () => {
  const day = 86_400_000;
  const events = (world: World) => recordedEvents(world.folder, 'output', world.identities.output);

  function jump(ms: number): void {
    const real = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => real() + ms);
  }

  it.each([
    ['back', -day],
    ['forward', day],
  ])('%s: nothing passes until the server is heard again, and the order of the record stands', async (_name, ms) => {
    const world = await session({
      inside: { openRecorder },
      renew: false,
      leaseMs: 60_000,
      limits: { maxSeconds: 200_000, idleSeconds: null },
    });
    await opened(world);
    world.type('echo before-$((1+1))\r');
    await world.sees(/before-2/);
    jump(ms);
    await reaches(world, 'frozen');
    world.type('echo typed-while-frozen\r');
    const from = world.owned.length;
    world.renew();
    await reaches(world, 'open', from);
    world.type('echo after-$((2+2))\r');
    await world.sees(/after-4/);
    expect(world.text()).not.toContain('typed-while-frozen');
    world.type('exit\r');
    await world.ended();
    const times = (await events(world)).map((event) => event.atMs);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(times.at(-1)).toBeLessThan(60_000);
    const marks = (await events(world))
      .filter((event) => event.code === 'm')
      .map((event) => Buffer.from(event.data).toString());
    expect(marks.some((text) => text.includes('"gap"'))).toBe(true);
  });

  it('back: it does not get more time than it had', async () => {
    const world = await session({
      inside: { openRecorder },
      limits: { maxSeconds: 3, idleSeconds: null },
    });
    await opened(world);
    jump(-day);
    const at = performance.now();
    expect(await world.ended()).toMatchObject({ reason: { kind: 'time-limit' }, complete: true });
    expect(performance.now() - at).toBeLessThan(4000);
  });
});

describe('security 20: a session whose process was stopped', () => {
  it('ends when it runs again after its lease, and no byte of that time passes', async () => {
    const world = await session({ leaseMs: 1000, renew: false });
    await opened(world);
    world.type('stty -echo; while :; do echo tick; sleep 0.1; done\r');
    await world.sees(/tick/);
    world.child.kill('SIGSTOP');
    const shown = world.text().length;
    // The lease of 1 s, and the 5 s that a session without one has.
    await new Promise((resolve) => setTimeout(resolve, 6200));
    const late = world.text().length;
    world.type('echo typed-meanwhile\r');
    world.child.kill('SIGCONT');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'lease-expired' }, complete: true });
    expect(world.text().length).toBe(late);
    // What was on its way when the process stopped is all that came.
    expect(late - shown).toBeLessThan(200);
    expect(world.text()).not.toContain('typed-meanwhile');
  });
});
