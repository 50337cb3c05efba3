import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sealClear } from '../../src/control/broker/handover/hand-over.ts';
import { loginByPassword } from '../../src/control/broker/handover/password-login.ts';
import { clearPacket } from '../../src/control/relay/kexinit.ts';
import { blobOfLine, publicKeyLine, signBlob } from '../../src/recording/signatures/keys.ts';
import { signDocument } from '../../src/recording/signatures/signed.ts';
import { concat, SshReader, sshString, sshUint32 } from '../../src/recording/signatures/wire.ts';
import { sendPayload } from '../../src/ssh/ssh2-internals.ts';
import {
  type HandoverRelay,
  type HandoverRelayOptions,
  startHandoverRelay,
  type Tampering,
} from '../harness/session/handover-relay.ts';
import { byPassword, type PtyTarget, startPtyTarget } from '../harness/session/pty-target.ts';
import { recordedEvents } from '../harness/session/recorded.ts';
import { buildSession, type World } from '../harness/session/session-world.ts';
import { until } from '../harness/session/sshd.ts';

const password = 'a password that must not matter';
const foreign = generateKeyPairSync('ed25519').privateKey;
const kexInit = 20;
const kexReply = 31;
let target: PtyTarget;
let relay: HandoverRelay | undefined;
let world: World | undefined;

/** Changes the payload of each packet in the clear that begins a chunk; the relay sends one packet at a time. */
function payloads(change: (payload: Buffer) => Buffer): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const packet = clearPacket(bytes, 0);
    return packet.state === 'found'
      ? concat(sealClear(change(Buffer.from(packet.payload))), bytes.subarray(packet.end))
      : bytes;
  };
}

/** K_S, the host's share, its signature over H (RFC 5656 section 4). */
function changeReply(change: (parts: { hostKey: Buffer; share: Buffer; signature: Buffer }) => Buffer[]): Tampering {
  return {
    toLauncher: payloads((payload) => {
      if (payload[0] !== kexReply) return payload;
      const reader = new SshReader(payload.subarray(1));
      const parts = { hostKey: reader.string(), share: reader.string(), signature: reader.string() };
      return concat(payload.subarray(0, 1), ...change(parts).map(sshString));
    }),
  };
}

function flipKexInit(payload: Buffer): Buffer {
  // One bit of the cookie: nothing is negotiated differently, only the hash is another.
  if (payload[0] === kexInit) payload[5] = (payload[5] ?? 0) ^ 1;
  return payload;
}

/**
 * A broker that opens a shell before it hands over, and has it say something. What it says until `settleMs` later and before the new keys, this broker keeps to
 * itself.
 */
function withAChannel(typed: string, settleMs: number): typeof loginByPassword {
  return (options) => {
    const protocol = loginByPassword({
      ...options,
      loggedIn(facts) {
        const open = [Buffer.from([90]), sshString('session'), sshUint32(0), sshUint32(1 << 20), sshUint32(32_768)];
        sendPayload(protocol, concat(...open));
        sendPayload(protocol, concat(Buffer.from([98]), sshUint32(0), sshString('shell'), Buffer.from([0])));
        sendPayload(protocol, concat(Buffer.from([94]), sshUint32(0), sshString(typed)));
        setTimeout(() => {
          options.loggedIn(facts);
          const decipher = protocol._decipher;
          const honest = decipher?._onPayload;
          if (decipher === undefined || honest === undefined) throw new Error('not taken over');
          decipher._onPayload = (payload) => ((payload[0] ?? 0) >= 90 ? undefined : honest(payload));
        }, settleMs);
      },
    });
    return protocol;
  };
}

async function attack(tampering: Tampering, options: Partial<HandoverRelayOptions> = {}): Promise<World> {
  relay = await startHandoverRelay({ target: target.sshd, password, tampering, ...options });
  world = await relay.session();
  return world;
}

/** The session ended with that code, and nothing of the target was shown or recorded as its output. */
async function ends(one: World): Promise<string> {
  const { reason, complete } = await one.ended();
  expect(complete).toBe(true);
  expect(one.text()).toBe('');
  const events = await recordedEvents(one.folder, 'output', one.identities.output);
  expect(events.filter(({ code }) => code === 'o')).toEqual([]);
  expect(one.shown.some(({ type }) => type === 'opened')).toBe(false);
  await until(() => relay?.endings.length === 1, 'the relay to have closed the wire');
  return 'problem' in reason ? reason.problem.code : reason.kind;
}

beforeAll(async () => {
  buildSession();
  target = await startPtyTarget({ authentication: byPassword({ password, methods: ['password'] }) });
});
afterEach(async () => {
  await world?.stop();
  await relay?.stop();
});
afterAll(() => target?.stop());

describe('security.md 3c: a handover', () => {
  it('that nobody attacks goes through the same relay', async () => {
    const one = await attack({ toLauncher: payloads((payload) => payload) });
    await one.owner('state', (message) => message.state.state === 'open');
  });

  it('to the attacker, whose host key and signature fit each other: dead', async () => {
    // Everything is sound, but it is another machine than the grant says; the first frame names the right one.
    const right = publicKeyLine(foreign);
    const named = blobOfLine(right).toString('base64');
    relay = await startHandoverRelay({
      target: target.sshd,
      password,
      tampering: { frame: (_frame, other) => other({ hostKey: named }) },
    });
    world = await relay.session({ hostKeys: [right] });
    expect(await ends(world)).toBe('SP-2031');
  });

  it("with the attacker's host key in place of the target's: dead", async () => {
    const own = blobOfLine(publicKeyLine(foreign));
    const one = await attack(changeReply(({ share, signature }) => [own, share, signature]));
    expect(await ends(one)).toBe('SP-2031');
  });

  it('whose first frame names a host key of the attacker: refused', async () => {
    const own = blobOfLine(publicKeyLine(foreign)).toString('base64');
    const one = await attack({ frame: (_frame, other) => other({ hostKey: own }) });
    expect(await ends(one)).toBe('SP-2031');
  });

  it('with the real key and a foreign signature: dead', async () => {
    const one = await attack(changeReply(({ hostKey, share }) => [hostKey, share, signBlob(foreign, randomBytes(32))]));
    expect(await ends(one)).toBe('SP-2031');
  });

  it("with the attacker's share in place of the target's: dead", async () => {
    const own = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    const one = await attack(changeReply(({ hostKey, signature }) => [hostKey, own, signature]));
    expect(await ends(one)).toBe('SP-2031');
  });

  it.each(['toLauncher', 'fromLauncher'] as const)('with a flipped KEXINIT %s: dead', async (direction) => {
    const one = await attack({ [direction]: payloads(flipKexInit) });
    expect(await ends(one)).toBe('SP-2031');
  });

  it('with a wrong session id: dead', async () => {
    const one = await attack({
      frame: (_frame, other) => other({ sshSessionId: randomBytes(32).toString('base64') }),
    });
    expect(await ends(one)).toBe('SP-2042');
  });

  it('with a first frame that somebody else signed: refused', async () => {
    const one = await attack({
      frame: (frame) => {
        const { payload } = JSON.parse(frame) as { payload: string };
        return JSON.stringify(
          signDocument({ privateKey: foreign, namespace: 'handover@sallyport', value: JSON.parse(payload) }),
        );
      },
    });
    expect(await ends(one)).toBe('SP-1007');
  });

  it("with another session's first frame: refused", async () => {
    const one = await attack({
      frame: (_frame, other) => other({ sessionId: '00000000-0000-4000-8000-000000000000' }),
    });
    expect(await ends(one)).toBe('SP-2042');
  });

  it.each(['not JSON', '{}', '{"payload":"{}","signature":""}'])('with %s for a first frame: refused', async (text) => {
    const one = await attack({ frame: () => text });
    expect(await ends(one)).toMatch(/SP-2042|SP-1007/);
  });

  it('with identifications that would write on the wire: refused', async () => {
    const one = await attack({ frame: (_frame, other) => other({ serverIdent: 'SSH-2.0-x\r\n\0\0\0\0' }) });
    expect(await ends(one)).toBe('SP-2042');
  });

  it('with a channel opened before, that speaks at once: dead, and not a word of it is shown', async () => {
    const one = await attack({ logIn: withAChannel('while :; do echo INJECTED; done\n', 0) });
    expect(await ends(one)).toBe('SP-2042');
    expect(target.sent().includes('INJECTED')).toBe(true);
  });

  it('with a channel opened before, that speaks when the session is open: cut, and not a word of it is shown', async () => {
    const one = await attack({ logIn: withAChannel('stty -echo; PS1=; sleep 2; echo INJ"E"CTED\n', 600) });
    await one.owner('state', (message) => message.state.state === 'open');
    expect(await one.ended()).toMatchObject({ reason: { kind: 'disconnected' } });
    expect(target.sent().includes('INJECTED')).toBe(true);
    expect(one.text()).not.toMatch(/INJECTED/);
  });

  it('that a launcher never begins: given up, the target reset', async () => {
    const one = await attack({ fromLauncher: () => Buffer.alloc(0) }, { limits: { exchangeMs: 400 } });
    expect(await ends(one)).toBe('SP-2042');
    expect(relay?.refusals).toEqual([{ code: 'SP-2042', check: 'exchange-time' }]);
  });

  it('that stalls in the middle: given up, the target reset', async () => {
    let silent = false;
    const one = await attack(
      {
        toLauncher(bytes) {
          const packet = clearPacket(bytes, 0);
          silent ||= packet.state === 'found' && packet.payload[0] === kexReply;
          return silent ? Buffer.alloc(0) : bytes;
        },
      },
      { limits: { exchangeMs: 400 } },
    );
    expect(await ends(one)).toBe('SP-2042');
    expect(silent).toBe(true);
    expect(relay?.refusals).toEqual([{ code: 'SP-2042', check: 'exchange-time' }]);
  });

  it.each([
    ['a login instead of an exchange', Buffer.from([50])],
    ['a second KEXINIT', Buffer.from([20])],
    ['a channel', concat(Buffer.from([90]), sshString('session'))],
  ])('in which the launcher sends %s: refused', async (_what, payload) => {
    let first = true;
    const one = await attack({
      fromLauncher(bytes) {
        // Behind its KEXINIT, or in place of it.
        const more = first ? concat(...(payload[0] === 20 ? [bytes] : []), sealClear(payload)) : bytes;
        first = false;
        return more;
      },
    });
    expect(await ends(one)).toBe('SP-2042');
    expect(relay?.refusals).toMatchObject([{ code: 'SP-2042', check: expect.stringMatching(/^launcher exchange-/) }]);
  });
});
