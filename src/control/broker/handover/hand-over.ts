import { randomBytes } from 'node:crypto';
import { sshUint32 } from '../../../recording/signatures/wire.ts';
import { SallyportError } from '../../../shared/errors/result.ts';
import { sendPayload } from '../../../ssh/ssh2-internals.ts';
import { clearPacket } from '../../relay/kexinit.ts';
import { takeOver, wipe } from './broker-protocol.ts';
import { exchangeNotBegun, judgePacket, type Side } from './exchange-order.ts';
import { explain, type LoggedIn, loginByPassword, type PasswordLogin, type Refusal } from './password-login.ts';

/** In milliseconds: for the login at the target, whose password check may be slow on purpose, and for the exchange after it. */
export interface HandoverLimits {
  loginMs: number;
  exchangeMs: number;
}
export const handoverLimits: HandoverLimits = { loginMs: 15_000, exchangeMs: 10_000 };

/** What may wait for the other direction. An honest side sends next to nothing before both have new keys. */
const maxHeld = 65_536;
/** What one side may send in all, in bytes. An honest one needs some kilobytes; a launcher and a target that are in league would fill the memory in time. */
const maxSaid = 1_048_576;

export interface HandoverOptions extends Pick<PasswordLogin, 'login' | 'hostKeys' | 'prompt' | 'password'> {
  limits: HandoverLimits;
  toTarget(bytes: Buffer): void;
  toLauncher(bytes: Buffer): void;
  /**
   * The broker is logged in. Resolves when the launcher has been told (the first frame) and may begin. Rejects, or resolves with a refusal, when the
   * connection is not to be handed over after all.
   */
  announce(facts: LoggedIn): Promise<Refusal | null>;
  /** Both directions have new keys, which only launcher and target know. What came early in each is here and not sent yet. Called once, or `refused` is. */
  done(early: Record<'toTarget' | 'toLauncher', Buffer>): void;
  refused(refusal: Refusal): void;
}

export interface Handover {
  fromTarget(bytes: Buffer): void;
  fromLauncher(bytes: Buffer): void;
  /** Nothing passes any more, nobody is called any more, and the broker's keys are gone. */
  stop(): void;
}

const ignore = 2;
const requestFailure = 82;

/** A packet without a cipher (RFC 4253 section 6): what the launcher's first exchange, in its own view, consists of. */
export function sealClear(payload: Uint8Array): Buffer {
  const short = 8 - ((5 + payload.length) % 8);
  const padding = short < 4 ? short + 8 : short;
  return Buffer.concat([
    sshUint32(1 + payload.length + padding),
    Buffer.from([padding]),
    payload,
    randomBytes(padding),
  ]);
}

/**
 * Logs in with the vaulted password and hands the connection over by exactly one key exchange between launcher and target (protocol.md, "Passwords:
 * login and handover"): the launcher's first, in its view, in packets without a cipher; a re-exchange, in the target's, each payload encrypted by the
 * broker under its own keys. The host's signature covers both sides' shares, so the broker learns nothing of the new keys. Starts at
 * once. Throws SP-2032 when no expected host key is of a kind that is used, SP-9001.
 */
export function startHandover(options: HandoverOptions, logIn = loginByPassword): Handover {
  const { limits } = options;
  let order = exchangeNotBegun;
  let facts: LoggedIn | null = null;
  let announced = false;
  let over = false;
  let fromLauncher = Buffer.alloc(0);
  const early = { toTarget: Buffer.alloc(0), toLauncher: Buffer.alloc(0) };
  const said: Record<Side, number> = { launcher: 0, target: 0 };
  let timer: NodeJS.Timeout | undefined;

  function stop(): void {
    if (over) return;
    over = true;
    clearTimeout(timer);
    wipe(protocol);
  }

  function refuse(refusal: Refusal): void {
    if (over) return;
    stop();
    options.refused(refusal);
  }

  /** What throws is ssh2 on bytes that are no SSH, or a packet that this connection cannot take. */
  function guarded(work: () => void): void {
    if (over) return;
    try {
      work();
    } catch (error) {
      refuse(error instanceof Error ? explain(error) : { code: 'SP-2050', check: 'target-protocol' });
    }
    if (over || order.launcher !== 'done' || order.target !== 'done') return;
    stop();
    options.done(early);
  }

  function pass(side: Side, payload: Buffer): void {
    const step = judgePacket(order, side, payload);
    const { verdict } = step;
    order = step.order;
    if (verdict.do === 'refuse') {
      refuse({ code: verdict.check === 'exchange-cipher' ? 'SP-2032' : 'SP-2042', check: `${side} ${verdict.check}` });
      return;
    }
    if (verdict.do === 'forward') {
      if (side === 'launcher') sendPayload(protocol, payload);
      else options.toLauncher(sealClear(payload));
      return;
    }
    // Whatever the target said, something must go back: it holds its next packet until it hears (Nagle) while this side holds its acknowledgement.
    if (order.launcher === 'done') return;
    const mayAnswer = verdict.answerFailure && order.launcher === 'before';
    sendPayload(protocol, mayAnswer ? Buffer.from([requestFailure]) : Buffer.from([ignore, 0, 0, 0, 0]));
  }

  /** Refuses a side that sends without end. */
  function isTooMuch(side: Side, bytes: Buffer): boolean {
    said[side] += bytes.length;
    if (said[side] <= maxSaid) return false;
    refuse({ code: 'SP-2042', check: `${side} too-much` });
    return true;
  }

  function hold(direction: keyof typeof early, bytes: Buffer): void {
    early[direction] = Buffer.concat([early[direction], bytes]);
    if (early[direction].length > maxHeld) refuse({ code: 'SP-2042', check: 'early-bytes' });
  }

  function takeFromLauncher(): void {
    while (!over && order.launcher !== 'done') {
      const packet = clearPacket(fromLauncher, 0);
      if (packet.state === 'not-ssh') refuse({ code: 'SP-2042', check: 'launcher exchange-shape' });
      if (packet.state !== 'found') return;
      fromLauncher = fromLauncher.subarray(packet.end);
      pass('launcher', packet.payload);
    }
    if (order.launcher !== 'done') return;
    hold('toTarget', fromLauncher);
    fromLauncher = Buffer.alloc(0);
  }

  async function announce(loggedIn: LoggedIn): Promise<void> {
    const refusal = await options.announce(loggedIn).catch((error: unknown) => ({
      code: error instanceof SallyportError ? error.code : ('SP-5010' as const),
      check: 'announcement',
    }));
    if (over) return;
    if (refusal !== null) return refuse(refusal);
    announced = true;
    // A target that began a re-exchange of its own had to wait.
    for (const payload of held.splice(0)) guarded(() => pass('target', payload));
  }

  /** Payloads from the target between the login and the first frame to the launcher. */
  const held: Buffer[] = [];

  const protocol = logIn({
    login: options.login,
    hostKeys: options.hostKeys,
    prompt: options.prompt,
    password: options.password,
    write: options.toTarget,
    refused: refuse,
    loggedIn(loggedIn) {
      if (over) return;
      facts = loggedIn;
      clearTimeout(timer);
      timer = setTimeout(() => refuse({ code: 'SP-2042', check: 'exchange-time' }), limits.exchangeMs);
      takeOver(
        protocol,
        (payload) => {
          if (announced) pass('target', payload);
          else if (held.push(payload) > 64) refuse({ code: 'SP-2042', check: 'early-bytes' });
          return order.target === 'done' ? 'last' : 'more';
        },
        (bytes) => hold('toLauncher', bytes),
      );
      void announce(loggedIn);
    },
  });
  timer = setTimeout(() => refuse({ code: 'SP-2104', check: 'login-time' }), limits.loginMs);
  protocol.start();

  return {
    fromTarget: (bytes) =>
      guarded(() => {
        if (isTooMuch('target', bytes)) return;
        if (order.target === 'done') hold('toLauncher', bytes);
        else protocol.parse(bytes, 0, bytes.length);
      }),
    fromLauncher: (bytes) =>
      guarded(() => {
        // Before the first frame there is nothing that a launcher could know.
        if (facts === null || !announced) return refuse({ code: 'SP-2042', check: 'launcher exchange-order' });
        if (isTooMuch('launcher', bytes)) return;
        if (fromLauncher.length + bytes.length > maxHeld) return refuse({ code: 'SP-2042', check: 'early-bytes' });
        fromLauncher = Buffer.concat([fromLauncher, bytes]);
        takeFromLauncher();
      }),
    stop,
  };
}
