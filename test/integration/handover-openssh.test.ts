import { createCipheriv, createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { blobOfLine, fingerprint } from '../../src/recording/signatures/keys.ts';
import {
  type HandoverRelay,
  type HandoverRelayOptions,
  startHandoverRelay,
} from '../harness/session/handover-relay.ts';
import { canCheckPasswords, type PasswordTarget, startPasswordSshd } from '../harness/session/password-target.ts';
import { buildSession, type World, type WorldOptions } from '../harness/session/session-world.ts';
import { until } from '../harness/session/sshd.ts';

const password = 'correct horse battery staple';
let targets: Record<'password' | 'keyboard-interactive', PasswordTarget>;
let relay: HandoverRelay | undefined;
let world: World | undefined;

async function session(
  target: PasswordTarget,
  options: Partial<HandoverRelayOptions> = {},
  worldOptions: Partial<WorldOptions> = {},
): Promise<World> {
  relay = await startHandoverRelay({ target, password, ...options });
  world = await relay.session(worldOptions);
  return world;
}

async function opened(one: World): Promise<void> {
  await one.owner('state', (message) => message.state.state === 'open');
}

describe.skipIf(!canCheckPasswords)('a login by password on OpenSSH, handed over', () => {
  beforeAll(async () => {
    buildSession();
    const [byMethod, byPrompt] = await Promise.all([
      startPasswordSshd({ password, banner: 'Be good.\u001b[2J\n', extra: ['KbdInteractiveAuthentication no'] }),
      startPasswordSshd({ password, extra: ['PasswordAuthentication no', 'RekeyLimit 8M'] }),
    ]);
    targets = { password: byMethod, 'keyboard-interactive': byPrompt };
  });
  afterEach(async () => {
    await world?.stop();
    await relay?.stop();
  });
  afterAll(async () => {
    await Promise.all(Object.values(targets ?? {}).map((target) => target.stop()));
  });

  it.each(['password', 'keyboard-interactive'] as const)('works by %s: terminal, size, end', async (method) => {
    const one = await session(targets[method]);
    await opened(one);
    expect(relay?.loggedIn).toMatchObject([{ method }]);
    one.type('echo "as $(id -un) $((40+2))"; stty size\r');
    await one.sees(/as vaulted 42\r\n24 80/);
    one.screen({ type: 'resize', cols: 101, rows: 33 });
    one.type('stty size\r');
    await one.sees(/33 101/);
    expect(await one.onScreen((message) => message.type === 'opened')).toMatchObject({ loggedInBy: 'password' });
    one.type('exit 7\r');
    expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 7 }, complete: true });
  });

  it("shows the target's banner as plain words", async () => {
    const one = await session(targets.password);
    await opened(one);
    await one.sees(/^Be good\.\r\n/);
    expect(one.text()).not.toContain('\u001b[2J');
  });

  it('passes a flood whole (SALLYPORT_FLOOD_MB, else 12), through re-exchanges that the target asks for', {
    timeout: 180_000,
  }, async () => {
    const size = Number(process.env.SALLYPORT_FLOOD_MB ?? 12) * 1_048_576;
    const target = targets['keyboard-interactive'];
    // OpenSSL's stream of zeros is the same on both sides, and nothing in it compresses.
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
    const wanted = createHash('sha256');
    for (let sent = 0; sent < size; sent += 1_048_576) wanted.update(cipher.update(Buffer.alloc(1_048_576)));
    const got = createHash('sha256');
    const done = Promise.withResolvers<void>();
    let seen = Buffer.alloc(0);
    let taken = -1;
    const one = await session(
      target,
      {},
      {
        output(data) {
          if (taken < 0) {
            seen = Buffer.concat([seen, data]);
            const begin = seen.indexOf('begin!');
            if (begin < 0) return;
            taken = 0;
            take(seen.subarray(begin + 6));
          } else take(Buffer.from(data));
        },
      },
    );
    function take(data: Buffer): void {
      const part = data.subarray(0, size - taken);
      got.update(part);
      taken += part.length;
      if (taken === size) done.resolve();
    }
    await opened(one);
    const zeros = '00'.repeat(16);
    one.type(
      `PS1=; stty raw -echo; printf 'begin%s' '!'; head -c ${size} /dev/zero | openssl enc -aes-128-ctr -K ${zeros} -iv ${zeros}; exit\r`,
    );
    await done.promise;
    expect(got.digest('hex')).toBe(wanted.digest('hex'));
    expect(await one.ended()).toMatchObject({ reason: { kind: 'exit' }, complete: true });
    // The first exchange, the handover's, and one for each 8 MB.
    expect(target.log().match(/SSH2_MSG_NEWKEYS sent|set_newkeys: mode 1|rekey out/g)?.length ?? 0).toBeGreaterThan(
      size / 1e7,
    );
  });

  it('goes on through a re-exchange every 1 KB, the first of them while it is being handed over', async () => {
    const restless = await startPasswordSshd({ password, extra: ['RekeyLimit 1K'] });
    try {
      for (let turn = 0; turn < 4; turn += 1) {
        const one = await session(restless);
        await opened(one);
        one.type('stty -echo; for n in $(seq 1 400); do echo "line $n of a restless target"; done; exit 6\r');
        expect(await one.ended()).toMatchObject({ reason: { kind: 'exit', status: 6 }, complete: true });
        const lines = one.text().match(/^line \d+ of a restless target\r$/gm) ?? [];
        expect(lines).toHaveLength(400);
        await world?.stop();
        await relay?.stop();
      }
      expect(restless.log().match(/rekey in after/g)?.length ?? 0).toBeGreaterThan(20);
    } finally {
      await restless.stop();
    }
  });

  it('is disconnected by the person: the target sees it go', async () => {
    const one = await session(targets.password);
    await opened(one);
    one.screen({ type: 'disconnect' });
    expect(await one.ended()).toMatchObject({ reason: { kind: 'disconnected', by: 'person' }, complete: true });
    await until(() => relay?.endings.length === 1, 'the relay to see the end');
  });

  it('is cut by a kill at the relay, and waits for the order that says why', async () => {
    const one = await session(targets.password);
    await opened(one);
    await relay?.kill();
    const orderId = one.kill();
    expect(await one.ended()).toMatchObject({ reason: { kind: 'killed', orderId } });
    expect(relay?.endings).toMatchObject([{ why: 'killed' }]);
  });

  it('counts what passed on the way to the target, the handover included', async () => {
    const one = await session(targets.password);
    await opened(one);
    one.type('exit\r');
    await one.ended();
    await until(() => relay?.endings.length === 1, 'the relay to see the end');
    const [ending] = relay?.endings ?? [];
    // Two key exchanges and a login are in it.
    expect(ending?.counts.bytesToTarget).toBeGreaterThan(1500);
    expect(ending?.counts.bytesFromTarget).toBeGreaterThan(1500);
  });

  it('is refused with another host key: SP-2031, both keys known, not one request of a login in the log', async () => {
    const before = targets.password.log().length;
    const one = await session(targets.password, { hostKeys: [targets['keyboard-interactive'].hostKey] });
    const { reason } = await one.ended();
    expect(reason).toMatchObject({ kind: 'host-key-mismatch' });
    expect(JSON.stringify(reason)).toContain(fingerprint(blobOfLine(targets.password.hostKey)));
    await until(
      () => /Connection (reset|closed) by/.test(targets.password.log().slice(before)),
      'the target to see it go',
    );
    expect(targets.password.log().slice(before)).not.toMatch(/userauth|Failed|Accepted/i);
  });

  it('is refused with a wrong password: SP-2040 after one try', async () => {
    const before = targets.password.log().length;
    const one = await session(targets.password, { password: 'not the one' });
    expect(await one.ended()).toMatchObject({ reason: { problem: { code: 'SP-2040' } } });
    const log = targets.password.log().slice(before);
    expect(log.match(/Failed password/g)?.length).toBe(1);
    expect(relay?.refusals).toEqual([{ code: 'SP-2040', check: 'login' }]);
  });

  it('is refused when nothing is stored: SP-2043', async () => {
    const one = await session(targets.password, { password: null });
    expect(await one.ended()).toMatchObject({ reason: { problem: { code: 'SP-2043' } } });
    expect(relay?.refusals).toEqual([{ code: 'SP-2043', check: 'secret-missing' }]);
  });

  it('is refused when the password has expired: the second round gets no answer (SP-2044)', async () => {
    const expired = await startPasswordSshd({ password, expired: true, extra: ['PasswordAuthentication no'] });
    try {
      const one = await session(expired);
      expect(await one.ended()).toMatchObject({ reason: { problem: { code: 'SP-2044' } } });
      expect(relay?.refusals).toEqual([{ code: 'SP-2044', check: 'prompt-second-round' }]);
    } finally {
      await expired.stop();
    }
  });
});
