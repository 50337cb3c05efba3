import { SshReader } from '../../../recording/signatures/wire.ts';
import { type Ciphers, isAcceptable, negotiate, readCiphers } from '../../relay/kexinit.ts';

/**
 * Which packets pass between a launcher and a target while a connection is handed over: exactly one key exchange (RFC 4253 sections 7 and 9) and nothing
 * else, each side's KEXINIT first, the cipher judged as the relay's gate judges it. Pure: packets in, verdicts out.
 */
export type Side = 'launcher' | 'target';
type Progress = 'before' | 'exchanging' | 'done';

export interface ExchangeOrder {
  launcher: Progress;
  target: Progress;
  ciphers: Partial<Record<Side, Ciphers>>;
}

export const exchangeNotBegun: ExchangeOrder = { launcher: 'before', target: 'before', ciphers: {} };

/** Names of the checks, as the audit event says them. */
export type ExchangeCheck = 'exchange-order' | 'exchange-shape' | 'exchange-cipher' | 'exchange-goodbye';

export type ExchangeVerdict =
  | { do: 'forward' }
  | { do: 'drop'; answerFailure: boolean }
  | { do: 'refuse'; check: ExchangeCheck };

const message = {
  disconnect: 1,
  ignore: 2,
  unimplemented: 3,
  debug: 4,
  extInfo: 7,
  kexInit: 20,
  newKeys: 21,
  userauthBanner: 53,
  globalRequest: 80,
} as const;
/** Numbers of the exchange method itself (RFC 4253 section 12). */
const methodFirst = 30;
const methodLast = 49;

/** A target may say these at any time; they mean nothing to a key exchange. */
const idle: readonly number[] = [message.ignore, message.unimplemented, message.debug];
/** And these until its KEXINIT, after the login that the broker made. */
const afterLogin: readonly number[] = [...idle, message.extInfo, message.userauthBanner, message.globalRequest];

export function judgePacket(
  order: ExchangeOrder,
  side: Side,
  payload: Buffer,
): { order: ExchangeOrder; verdict: ExchangeVerdict } {
  const type = payload[0];
  const refuse = (check: ExchangeCheck) => ({ order, verdict: { do: 'refuse', check } as const });
  const pass = (next: Partial<ExchangeOrder>) => ({
    order: { ...order, ...next },
    verdict: { do: 'forward' } as const,
  });
  if (type === undefined || order[side] === 'done') return refuse('exchange-order');
  if (type === message.disconnect) return refuse('exchange-goodbye');
  if (side === 'target' && (order.target === 'before' ? afterLogin : idle).includes(type))
    return { order, verdict: { do: 'drop', answerFailure: wantsReply(payload) } };
  if (order[side] === 'before') {
    if (type !== message.kexInit) return refuse('exchange-order');
    const own = readCiphers(payload);
    if (own === null) return refuse('exchange-shape');
    const ciphers = { ...order.ciphers, [side]: own };
    if (!acceptable(ciphers)) return refuse('exchange-cipher');
    return pass({ ciphers, [side]: 'exchanging' });
  }
  // A guess (first_kex_packet_follows) would pass before the cipher is judged; nobody who is handed over needs one.
  if (order.launcher === 'before' || order.target === 'before') return refuse('exchange-order');
  if (type >= methodFirst && type <= methodLast) return pass({});
  return type === message.newKeys ? pass({ [side]: 'done' }) : refuse('exchange-order');
}

function acceptable({ launcher, target }: ExchangeOrder['ciphers']): boolean {
  if (launcher === undefined || target === undefined) return true;
  const chosen = negotiate(launcher, target);
  return isAcceptable(chosen.toServer) && isAcceptable(chosen.toClient);
}

/** RFC 4254 section 4: byte, string name, boolean want_reply. */
function wantsReply(payload: Buffer): boolean {
  if (payload[0] !== message.globalRequest) return false;
  try {
    const reader = new SshReader(payload);
    reader.byte();
    reader.string();
    return reader.byte() !== 0;
  } catch {
    return false;
  }
}
