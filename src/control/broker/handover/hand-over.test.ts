import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicKeyLine } from '../../../recording/signatures/keys.ts';
import { sshString } from '../../../recording/signatures/wire.ts';
import { clearPacket } from '../../relay/kexinit.ts';
import type { BrokerProtocol } from './broker-protocol.ts';
import { type Handover, type HandoverOptions, handoverLimits, sealClear, startHandover } from './hand-over.ts';
import type { LoggedIn, loginByPassword, PasswordLogin, Refusal } from './password-login.ts';

const hostKey = publicKeyLine(generateKeyPairSync('ed25519').publicKey);
const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((each) => Buffer.from(each));

/** A handover whose ends are lists. */
function make(logIn?: typeof loginByPassword) {
  const seen = {
    toTarget: [] as Buffer[],
    toLauncher: [] as Buffer[],
    refusals: [] as Refusal[],
    done: [] as Record<'toTarget' | 'toLauncher', Buffer>[],
    asked: 0,
    announced: 0,
  };
  const options: HandoverOptions = {
    limits: handoverLimits,
    login: 'admin',
    hostKeys: [hostKey],
    prompt: null,
    toTarget: (each) => seen.toTarget.push(Buffer.from(each)),
    toLauncher: (each) => seen.toLauncher.push(Buffer.from(each)),
    async password() {
      seen.asked += 1;
      return Buffer.from('never');
    },
    async announce() {
      seen.announced += 1;
      return null;
    },
    done: (early) => seen.done.push(early),
    refused: (refusal) => seen.refusals.push(refusal),
  };
  return { seen, handover: startHandover(options, logIn) };
}

/** As much of ssh2 as a handover uses after the login: packets of the target go in as they are, what goes to the target comes out as payloads. */
async function loggedIn() {
  const sent: Buffer[] = [];
  let login: PasswordLogin | undefined;
  const protocol = {
    start: () => undefined,
    parse(chunk: Buffer, start: number, end: number) {
      for (let at = start; at < end; ) at = protocol._parse(chunk, at, end);
    },
    cleanup: () => undefined,
    _parse(chunk: Buffer, start: number, _end: number): number {
      const next = start + 1 + (chunk[start] ?? 0);
      protocol._decipher._onPayload(chunk.subarray(start + 1, next));
      return next;
    },
    _kexinit: undefined,
    _packetRW: {
      write: { allocStart: 0, alloc: (size: number) => Buffer.alloc(size), finalize: (packet: Buffer) => packet },
    },
    _cipher: { encrypt: (packet: Buffer) => sent.push(Buffer.from(packet)) },
    _decipher: { _onPayload: (_payload: Buffer): false | undefined => undefined },
  };
  const made = make((options) => {
    login = options;
    return protocol as unknown as BrokerProtocol;
  });
  const facts: LoggedIn = {
    method: 'password',
    hostKey: Buffer.alloc(32),
    sshSessionId: Buffer.alloc(32),
    clientIdent: 'SSH-2.0-Sallyport',
    serverIdent: 'SSH-2.0-x',
    banner: '',
  };
  login?.loggedIn(facts);
  await Promise.resolve();
  await Promise.resolve();
  return { ...made, sent };
}

describe('a packet in the clear', () => {
  it('is read as it was written, and is a multiple of eight bytes with at least four of padding (RFC 4253 section 6)', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }).map((each) => Buffer.from(each)),
        bytes(20),
        (payload, behind) => {
          const sealed = sealClear(payload);
          expect(sealed.length % 8).toBe(0);
          expect(sealed.readUInt8(4)).toBeGreaterThanOrEqual(4);
          const read = clearPacket(Buffer.concat([sealed, behind]), 0);
          expect(read).toEqual({ state: 'found', payload, end: sealed.length });
        },
      ),
    );
  });
});

describe('a handover', () => {
  it('from a target that speaks no SSH is refused or waits, and neither asks for the password nor tells the launcher', () => {
    const line = fc.oneof(
      bytes(200),
      bytes(200).map((each) => Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), each])),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), (chunks) => {
        const { seen, handover } = make();
        for (const chunk of chunks) handover.fromTarget(chunk);
        handover.stop();
        expect(seen).toMatchObject({ asked: 0, announced: 0, done: [], toLauncher: [] });
        expect(seen.refusals.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('takes nothing from a launcher before it was told', () => {
    const { seen, handover } = make();
    handover.fromLauncher(sealClear(Buffer.from([20])));
    expect(seen.refusals).toEqual([{ code: 'SP-2042', check: 'launcher exchange-order' }]);
  });

  it('passes on nothing but the packets of one exchange, whatever both sides send, in whatever pieces', async () => {
    const packet = fc.oneof(
      fc.constant(kexInit),
      fc.constantFrom(20, 21, 30, 31, 2, 4, 50, 80, 90, 94).map((type) => Buffer.from([type])),
      bytes(60),
    );
    const said = fc.record({ launcher: fc.boolean(), payload: packet, cut: fc.nat(20), raw: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(said, { maxLength: 16 }), async (all) => {
        const { seen, handover, sent } = await loggedIn();
        for (const { launcher, payload, cut, raw } of all) say(handover, { launcher, payload, cut, raw });
        handover.stop();
        for (const payload of sent) expect(isExchange(payload) || payload[0] === 2 || payload[0] === 82).toBe(true);
        for (const each of seen.toLauncher) {
          const read = clearPacket(each, 0);
          expect(read.state === 'found' && isExchange(read.payload)).toBe(true);
        }
        expect(seen.refusals.length + seen.done.length).toBeLessThanOrEqual(1);
        expect(seen.asked).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('is done when both have new keys, and gives back what came behind them untouched', async () => {
    const { seen, handover, sent } = await loggedIn();
    const [init, reply, newKeys] = [30, 31, 21].map((type) => Buffer.from([type, 1]));
    if (init === undefined || reply === undefined || newKeys === undefined) throw new Error('no packets');
    handover.fromTarget(framed(kexInit));
    handover.fromLauncher(sealClear(kexInit));
    handover.fromLauncher(sealClear(init));
    handover.fromTarget(framed(reply));
    handover.fromTarget(Buffer.concat([framed(newKeys), Buffer.from('under new')]));
    handover.fromTarget(Buffer.from(' keys'));
    expect(seen.done).toEqual([]);
    handover.fromLauncher(Buffer.concat([sealClear(newKeys), Buffer.from('and this')]));
    expect(seen.done).toEqual([{ toLauncher: Buffer.from('under new keys'), toTarget: Buffer.from('and this') }]);
    expect(sent).toEqual([kexInit, init, newKeys]);
    handover.fromTarget(Buffer.from('late'));
    handover.fromLauncher(Buffer.from('late'));
    expect(seen.refusals).toEqual([]);
    expect(seen.toLauncher).toHaveLength(3);
  });

  it('answers each packet that it drops, so that the target sends the next', async () => {
    const { handover, sent } = await loggedIn();
    handover.fromTarget(
      framed(Buffer.concat([Buffer.from([80]), sshString('hostkeys-00@openssh.com'), Buffer.from([0])])),
    );
    handover.fromTarget(
      framed(Buffer.concat([Buffer.from([80]), sshString('keepalive@openssh.com'), Buffer.from([1])])),
    );
    handover.stop();
    expect(sent.map(([type]) => type)).toEqual([2, 82]);
  });

  it('holds only so much for the other side', async () => {
    const { seen, handover } = await loggedIn();
    handover.fromLauncher(randomBytes(70_000));
    expect(seen.refusals).toEqual([{ code: 'SP-2042', check: 'early-bytes' }]);
  });

  it.each(['launcher', 'target'] as const)('takes only so much of a %s that goes on and on', async (side) => {
    const { seen, handover } = await loggedIn();
    handover.fromTarget(framed(kexInit));
    handover.fromLauncher(sealClear(kexInit));
    const method = Buffer.concat([Buffer.from([30]), Buffer.alloc(side === 'launcher' ? 30_000 : 200)]);
    const packet = side === 'launcher' ? sealClear(method) : Buffer.concat(Array(150).fill(framed(method)));
    for (let sent = 0; sent < 2_000_000 && seen.refusals.length === 0; sent += packet.length)
      if (side === 'launcher') handover.fromLauncher(packet);
      else handover.fromTarget(packet);
    expect(seen.refusals).toEqual([{ code: 'SP-2042', check: `${side} too-much` }]);
  });
});

/** A payload of the target as the pretended ssh2 reads it: a length byte in front. */
function framed(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([payload.length]), payload]);
}

/** RFC 4253 section 7.1. */
const kexInit = Buffer.concat([
  Buffer.from([20]),
  Buffer.alloc(16),
  ...['k', 'h', 'aes256-gcm@openssh.com', 'aes256-gcm@openssh.com', '', '', 'none', 'none', '', ''].map(sshString),
  Buffer.alloc(5),
]);

function isExchange(payload: Buffer): boolean {
  const type = payload[0] ?? 0;
  return type === 20 || type === 21 || (type >= 30 && type <= 49);
}

function say(
  handover: Handover,
  { launcher, payload, cut, raw }: { launcher: boolean; payload: Buffer; cut: number; raw: boolean },
): void {
  if (!launcher) {
    handover.fromTarget(framed(payload));
    return;
  }
  const sent = raw ? payload : sealClear(payload);
  handover.fromLauncher(sent.subarray(0, cut));
  handover.fromLauncher(sent.subarray(cut));
}
