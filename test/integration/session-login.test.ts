import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { blobOfLine, fingerprint, publicKeyLine, signBlob, verifyBlob } from '../../src/recording/signatures/keys.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import { SshReader } from '../../src/recording/signatures/wire.ts';
import { namespaces } from '../../src/shared/protocol/signed.ts';
import { readMarker } from '../../src/shared/record/markers.ts';
import { certificateOf } from '../harness/certificate-grant.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, startSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { freePort, type Sshd, startSshd, until } from '../harness/session/sshd.ts';

let sshd: Sshd;
const worlds: World[] = [];

async function session(options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await startSession({ sshd, ...options });
  worlds.push(world);
  return world;
}

/** The target's log from now on. */
function logFromHere(server = sshd): () => string {
  const before = server.log().length;
  return () => server.log().slice(before);
}

beforeAll(async () => {
  buildSession();
  sshd = await startSshd(['LogLevel DEBUG1']);
});
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.stop()));
});
afterAll(async () => sshd?.stop());

describe('a session by certificate, straight to a real sshd', () => {
  it('logs in by a signature that was made elsewhere, types, sees, and says how the shell ended', async () => {
    const log = logFromHere();
    const world = await session();
    await world.owner('state', (message) => message.state.state === 'open');
    world.type('echo nonce-$((41+1))\r');
    await world.sees(/nonce-42/);
    world.type('exit 7\r');
    expect(await world.ended()).toMatchObject({ reason: { kind: 'exit', status: 7, signal: null }, complete: true });
    expect(await world.exited).toBe(0);
    expect(world.stderr()).toBe('');
    expect(log()).toMatch(/Accepted publickey for .* ED25519-CERT/);
    // The positive control of the next tests: a login does leave these words.
    expect(log()).toMatch(/userauth-request/);
    const states = world.owned.flatMap((message) => (message.type === 'state' ? [message.state] : []));
    expect(states.map((state) => (state.state === 'connecting' ? state.step : state.state))).toEqual([
      'authorised',
      'reaching',
      'host-key',
      'login',
      'shell',
      'open',
      'closing',
      'ended',
    ]);
    const opened = world.shown.find((message) => message.type === 'opened');
    expect(opened).toMatchObject({
      target: 'web-1',
      login: sshd.login,
      hostKey: fingerprint(blobOfLine(sshd.hostKey)),
      cipher: 'aes128-gcm@openssh.com',
      kex: 'curve25519-sha256',
      loggedInBy: 'certificate',
    });

    const output = await recordedEvents(world.folder, 'output', world.identities.output);
    const recorded = output.filter((event) => event.code === 'o').map((event) => Buffer.from(event.data));
    expect(Buffer.concat(recorded).toString('latin1')).toBe(world.text());
    const input = await recordedEvents(world.folder, 'input', world.identities.input);
    expect(Buffer.concat(input.map((event) => Buffer.from(event.data))).toString()).toBe(
      'echo nonce-$((41+1))\rexit 7\r',
    );
    expect(output.at(-1)).toMatchObject({ code: 'x' });
  });

  it('asks once, with a host signature over the session id and exactly the bytes of a certificate login', async () => {
    const world = await session();
    const asked = await world.owner('login-signature');
    const sessionId = Buffer.from(asked.sshSessionId, 'base64');
    const hostKey = Buffer.from(asked.hostKey, 'base64');
    expect(hostKey.equals(blobOfLine(sshd.hostKey))).toBe(true);
    expect(verifyBlob(hostKey, sessionId, Buffer.from(asked.hostSignature, 'base64'))).toBe(true);
    const reader = new SshReader(Buffer.from(asked.toSign, 'base64'));
    expect(reader.string().equals(sessionId)).toBe(true);
    expect(reader.byte()).toBe(50);
    expect([reader.text(), reader.text(), reader.text(), reader.byte(), reader.text()]).toEqual([
      sshd.login,
      'ssh-connection',
      'publickey',
      1,
      'ssh-ed25519-cert-v01@openssh.com',
    ]);
    expect(reader.string().toString('base64')).toBe(certificateOf(world.grant).certificate);
    expect(reader.atEnd).toBe(true);
    await world.owner('state', (message) => message.state.state === 'open');
    expect(world.owned.filter((message) => message.type === 'login-signature')).toHaveLength(1);
  });

  it('makes the terminal the size that the screen says, within bounds, and records it', async () => {
    const world = await session();
    await world.owner('state', (message) => message.state.state === 'open');
    world.screen({ type: 'resize', cols: 132, rows: 43 });
    world.type('stty size; echo "one"-"done"\r');
    await world.sees(/43 132\r\n.*one-done/s);
    world.screen({ type: 'resize', cols: 65_535, rows: 0 });
    world.type('stty size; echo "two"-"done"\r');
    await world.sees(/1 1000\r\n.*two-done/s);
    world.type('exit\r');
    await world.ended();
    const sizes = (await recordedEvents(world.folder, 'output', world.identities.output)).filter(
      (event) => event.code === 'r',
    );
    expect(sizes.map((event) => Buffer.from(event.data).toString())).toEqual(['132x43', '1000x1']);
  });

  it('takes a size that the screen says before the shell is there', async () => {
    const world = await session();
    world.screen({ type: 'resize', cols: 99, rows: 31 });
    await world.owner('state', (message) => message.state.state === 'open');
    world.type('stty size; echo "early"-"done"\r');
    await world.sees(/31 99\r\n.*early-done/s);
    world.type('exit\r');
    await world.ended();
    const sizes = (await recordedEvents(world.folder, 'output', world.identities.output)).filter(
      (event) => event.code === 'r',
    );
    expect(sizes.map((event) => Buffer.from(event.data).toString())).toEqual(['99x31']);
  });

  it('says by which signal the shell ended', async () => {
    const world = await session();
    await world.owner('state', (message) => message.state.state === 'open');
    world.type('kill -KILL $$\r');
    expect(await world.ended()).toMatchObject({
      reason: { kind: 'exit', status: null, signal: 'SIGKILL' },
      complete: true,
    });
  });

  it("shows the target's banner as plain words, recorded and marked", async () => {
    const other = await startSshd([`Banner ${import.meta.dirname}/../fixtures/banner.txt`]);
    try {
      const world = await session({ sshd: other });
      await world.owner('state', (message) => message.state.state === 'open');
      expect(world.text()).toMatch(/^Authorised use only\. red\r\n/);
      world.type('exit\r');
      await world.ended();
      const events = await recordedEvents(world.folder, 'output', world.identities.output);
      // How many bytes no channel carried: whoever holds the record against the wire leaves them out.
      const banner = Buffer.byteLength(world.text().slice(0, world.text().indexOf('red\r\n') + 5));
      expect(readMarker(Buffer.from(events[0]?.data ?? '').toString())).toMatchObject({
        kind: 'banner',
        bytes: banner,
      });
      expect(events[1]).toMatchObject({ code: 'o', data: { length: banner } });
    } finally {
      await other.stop();
    }
  });
});

describe('a session that must not come about', () => {
  it('security 38: with another host key: SP-2031, both fingerprints named, nothing of a login sent', async () => {
    const log = logFromHere();
    const other = publicKeyLine(generateKeyPairSync('ed25519').privateKey);
    const world = await session({ hostKeys: [other] });
    const { reason } = await world.ended();
    expect(reason).toMatchObject({
      kind: 'host-key-mismatch',
      problem: {
        code: 'SP-2031',
        facts: { known: fingerprint(blobOfLine(other)), offered: fingerprint(blobOfLine(sshd.hostKey)) },
      },
    });
    expect(world.owned.some((message) => message.type === 'login-signature')).toBe(false);
    await until(
      () => /Connection (closed|reset) by|Disconnected from|disconnect from/.test(log()),
      'the target to see the end',
    );
    expect(log()).toMatch(/SSH2_MSG_KEXINIT received/);
    expect(log()).not.toMatch(/userauth/);
  });

  it('security 38: with a host key of another kind only: SP-2031, nothing of a login sent', async () => {
    const log = logFromHere();
    const world = await session({
      hostKeys: [publicKeyLine(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
    });
    expect((await world.ended()).reason).toMatchObject({ kind: 'host-key-mismatch', problem: { code: 'SP-2031' } });
    expect(log()).not.toMatch(/userauth/);
  });

  it.each([
    ['ciphers', 'Ciphers aes256-ctr,aes128-ctr,chacha20-poly1305@openssh.com'],
    ['key exchanges', 'KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group14-sha256'],
  ])('security 39: with a target that has old %s only: SP-2032', async (_what, line) => {
    const old = await startSshd([line]);
    try {
      const world = await session({ sshd: old });
      expect((await world.ended()).reason).toMatchObject({ kind: 'connect-failed', problem: { code: 'SP-2032' } });
    } finally {
      await old.stop();
    }
  });

  it('when the broker refuses: its words are passed on', async () => {
    const world = await session({
      answer: ({ id }) => ({
        type: 'login-signature-answer',
        id,
        signature: null,
        problem: { code: 'SP-2041', message: 'No.' },
      }),
    });
    expect((await world.ended()).reason).toEqual({ kind: 'auth-failed', problem: { code: 'SP-2041', message: 'No.' } });
  });

  it('when the signature is by another key: SP-2040 after one try', async () => {
    const log = logFromHere();
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const world = await session({
      answer: ({ id, toSign }) => ({
        type: 'login-signature-answer',
        id,
        signature: signBlob(stranger, Buffer.from(toSign, 'base64')).toString('base64'),
        problem: null,
      }),
    });
    expect((await world.ended()).reason).toMatchObject({ kind: 'auth-failed', problem: { code: 'SP-2040' } });
    expect(log().match(/userauth-request for user/g)).toHaveLength(1);
  });

  it('to a target that is down: SP-2104, and the record says so', async () => {
    const world = await session({ sshd: { ...sshd, port: await freePort() } });
    expect(await world.ended()).toMatchObject({
      reason: { kind: 'connect-failed', problem: { code: 'SP-2104' } },
      complete: true,
    });
  });

  it('to something that hangs up at once: SP-2050', async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    try {
      const world = await session({ sshd: { ...sshd, port: typeof address === 'object' ? (address?.port ?? 0) : 0 } });
      expect((await world.ended()).reason).toMatchObject({ kind: 'connect-failed', problem: { code: 'SP-2050' } });
    } finally {
      server.close();
    }
  });

  const stranger = generateKeyPairSync('ed25519').privateKey;
  const forge = (payload: string, change: (value: Record<string, unknown>) => void = () => undefined) => {
    const value = JSON.parse(payload);
    change(value);
    return signDocument({ privateKey: stranger, namespace: namespaces.grant, value });
  };
  it.each([
    [
      'a grant by another key than the pinned one',
      { start: (message) => ({ ...message, grant: forge(message.grant.payload) }) },
    ],
    [
      'a grant whose text was changed',
      {
        start: (message) => ({
          ...message,
          grant: { ...message.grant, payload: message.grant.payload.replace('web-1', 'web-2') },
        }),
      },
    ],
    ['a grant for another session process', { grant: { sessionKey: publicKeyLine(stranger) } }],
    [
      'a lease that is not signed',
      {
        start: (message) => ({
          ...message,
          lease: { ...message.lease, payload: message.lease.payload.replace('10000', '99999') },
        }),
      },
    ],
    [
      "a session key that the device's key does not stand behind",
      { start: (message) => ({ ...message, sessionKeyCertificate: message.grant.signature }) },
    ],
  ] satisfies [string, Partial<WorldOptions>][])('with %s: SP-1007, no connection made', async (_what, options) => {
    const log = logFromHere();
    const world = await session(options);
    expect(await world.ended()).toMatchObject({
      reason: { kind: 'connect-failed', problem: { code: 'SP-1007' } },
      complete: false,
    });
    expect(log()).not.toMatch(/Connection from/);
  });
});
