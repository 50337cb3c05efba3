import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sshString } from '../../../recording/signatures/wire.ts';
import { type ExchangeOrder, exchangeNotBegun, judgePacket, type Side } from './exchange-order.ts';

const gcm = 'aes256-gcm@openssh.com';
const one = (type: number) => Buffer.from([type]);

function kexInit(cipher = gcm): Buffer {
  const lists = ['curve25519-sha256', 'ssh-ed25519', cipher, cipher, '', '', 'none', 'none', '', ''];
  return Buffer.concat([one(20), Buffer.alloc(16), ...lists.map(sshString), Buffer.alloc(5)]);
}

function globalRequest(reply: boolean): Buffer {
  return Buffer.concat([one(80), sshString('keepalive@openssh.com'), one(reply ? 1 : 0)]);
}

/** The verdicts of a conversation, up to the first refusal. */
function judge(packets: [Side, Buffer][]): { verdicts: string[]; order: ExchangeOrder } {
  let order = exchangeNotBegun;
  const verdicts: string[] = [];
  for (const [side, payload] of packets) {
    const step = judgePacket(order, side, payload);
    order = step.order;
    verdicts.push(step.verdict.do === 'refuse' ? step.verdict.check : step.verdict.do);
    if (step.verdict.do === 'refuse') break;
  }
  return { verdicts, order };
}

const begun: [Side, Buffer][] = [
  ['launcher', kexInit()],
  ['target', kexInit()],
];
const whole: [Side, Buffer][] = [
  ...begun,
  ['launcher', one(30)],
  ['target', one(31)],
  ['target', one(21)],
  ['launcher', one(21)],
];

describe('what passes between launcher and target during a handover', () => {
  it('is one key exchange, whoever begins it', () => {
    const { verdicts, order } = judge(whole);
    expect(verdicts).toEqual(whole.map(() => 'forward'));
    expect(order).toMatchObject({ launcher: 'done', target: 'done' });
    const [first, second, ...rest] = whole;
    if (first === undefined || second === undefined) throw new Error('no exchange');
    expect(judge([second, first, ...rest]).verdicts).toEqual(whole.map(() => 'forward'));
  });

  it.each<[string, [Side, Buffer][], string]>([
    ['a login by the launcher', [['launcher', one(50)]], 'exchange-order'],
    ['a channel of the launcher', [...begun, ['launcher', one(90)]], 'exchange-order'],
    ['a second KEXINIT', [...begun, ['launcher', kexInit()]], 'exchange-order'],
    ['a second exchange', [...whole, ['launcher', kexInit()]], 'exchange-order'],
    [
      'a guess before the cipher is judged',
      [
        ['launcher', kexInit()],
        ['launcher', one(30)],
      ],
      'exchange-order',
    ],
    ['NEWKEYS before the exchange', [['target', one(21)]], 'exchange-order'],
    ['an empty packet', [['launcher', Buffer.alloc(0)]], 'exchange-order'],
    ['a launcher that idles', [['launcher', one(2)]], 'exchange-order'],
    ['a channel of the target', [['target', one(90)]], 'exchange-order'],
    ['a global request in the middle', [...begun, ['target', globalRequest(true)]], 'exchange-order'],
    ['a goodbye', [...begun, ['target', one(1)]], 'exchange-goodbye'],
    ['a broken KEXINIT', [['launcher', Buffer.concat([one(20), Buffer.alloc(20, 255)])]], 'exchange-shape'],
    [
      'another cipher',
      [
        ['launcher', kexInit()],
        ['target', kexInit('aes256-ctr')],
      ],
      'exchange-cipher',
    ],
    [
      'another cipher on both sides',
      [
        ['launcher', kexInit('aes256-ctr')],
        ['target', kexInit('aes256-ctr')],
      ],
      'exchange-cipher',
    ],
  ])('is not %s', (_what, packets, check) => expect(judge(packets).verdicts.at(-1)).toBe(check));

  it('is nothing of what a target says on its own, which is dropped', () => {
    for (const type of [2, 3, 4, 7, 53]) expect(judge([['target', one(type)]]).verdicts).toEqual(['drop']);
    for (const type of [2, 3, 4]) expect(judge([...begun, ['target', one(type)]]).verdicts.at(-1)).toBe('drop');
    const asked = judgePacket(exchangeNotBegun, 'target', globalRequest(true));
    expect(asked.verdict).toEqual({ do: 'drop', answerFailure: true });
    expect(judgePacket(exchangeNotBegun, 'target', globalRequest(false)).verdict).toEqual({
      do: 'drop',
      answerFailure: false,
    });
    expect(judgePacket(exchangeNotBegun, 'target', one(80)).verdict).toEqual({ do: 'drop', answerFailure: false });
  });

  it('never is more than one exchange, whatever comes', () => {
    const payload = fc.oneof(
      fc.constantFrom(kexInit(), kexInit('aes128-ctr'), one(21), one(30), one(31), globalRequest(true)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    const packet = fc.tuple(fc.constantFrom<Side>('launcher', 'target'), payload);
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 24 }), (packets) => {
        const { verdicts } = judge(packets);
        for (const side of ['launcher', 'target'] as const) {
          const passed = packets
            .filter(([of], at) => of === side && verdicts[at] === 'forward')
            .map(([, bytes]) => bytes[0] ?? 0);
          expect(passed.filter((type) => type === 20).length).toBeLessThanOrEqual(1);
          expect(passed.filter((type) => type === 21).length).toBeLessThanOrEqual(1);
          expect(passed.every((type) => type === 20 || type === 21 || (type >= 30 && type <= 49))).toBe(true);
          if (passed.length > 0) expect(passed[0]).toBe(20);
          if (passed.includes(21)) expect(passed.at(-1)).toBe(21);
        }
      }),
      { numRuns: 500 },
    );
  });
});
