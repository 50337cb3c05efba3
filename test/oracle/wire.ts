import { createDecipheriv } from 'node:crypto';
import type { Keys } from './anchor.ts';
import { must, Walk } from './bytes.ts';

/** What one direction of the wire carried on its session channel. */
export interface Carried {
  data: Buffer;
  /** Requests in order, e.g. "pty-req 80x24", "window-change 100x30", "exec id", "shell". */
  requests: string[];
  /** Packets, and their bytes, that no key opens: before the first kept exchange, and after an exchange that was cut before it was kept. */
  before: { packets: number; bytes: number };
  after: number;
  /** Status, or SIG and the name of a signal. */
  exit: string | null;
  /** Keys of exchanges that opened nothing; whether the last opened packet says that the next keys follow. */
  unused: number;
  turning: boolean;
  /** Bytes that this side let the other send, and sent itself; it closed the channel. */
  granted: number;
  closed: boolean;
}

/** Steps over identification and clear packets, up to and with NEWKEYS; a wire after a login by the broker has none. */
function skipClear(walk: Walk): void {
  if (walk.bytes[0] === 0 || walk.left === 0) return;
  for (let line = ''; !line.startsWith('SSH-'); ) {
    const end = walk.bytes.indexOf(0x0a, walk.at);
    must(end >= 0, 'the wire ends in the identification');
    line = walk.take(end + 1 - walk.at).toString('latin1');
  }
  for (let kind = 0; kind !== 21; ) {
    const packet = walk.take(walk.uint32());
    kind = packet[1] ?? 0;
  }
}

function open(keys: Keys, count: number, length: Buffer, sealed: Buffer): Buffer | null {
  const nonce = Buffer.from(keys.iv);
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) + BigInt(count), 4);
  const decipher = createDecipheriv(keys.key.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm', keys.key, nonce);
  decipher.setAAD(length);
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    return plain.subarray(1, plain.length - (plain[0] ?? 0));
  } catch {
    return null;
  }
}

/** Opens all packets of a direction with the keys of the anchors, in order. */
export function readWire(file: Uint8Array, epochs: Keys[]): Carried {
  const walk = new Walk(file);
  const seen: Seen = { data: [], requests: [], channels: new Set(), exit: null, granted: 0, closed: false };
  const [before, lengths] = [{ packets: 0, bytes: 0 }, 4 + 16];
  let [epoch, count, after, turning] = [-1, 0, 0, false];
  skipClear(walk);
  while (walk.left >= 4) {
    const length = walk.take(4);
    const size = length.readUInt32BE(0);
    if (walk.left < size + 16) break;
    const sealed = walk.take(size + 16);
    const [current, next] = [epochs[epoch], epochs[epoch + 1]];
    let payload = current === undefined || after > 0 ? null : open(current, count, length, sealed);
    if (payload === null && next !== undefined) {
      payload = open(next, 0, length, sealed);
      if (payload !== null) [epoch, count] = [epoch + 1, 0];
    }
    count += 1;
    turning = payload?.[0] === 21;
    if (payload !== null) readPayload(seen, payload);
    else if (epoch >= 0) after += size + lengths;
    else {
      before.packets += 1;
      before.bytes += size + lengths;
    }
  }
  must(before.packets <= 200 && before.bytes <= 131_072, 'more than a login crossed before the first kept exchange');
  must(seen.channels.size <= 1, 'data of more than one channel');
  const { requests, exit, granted, closed } = seen;
  const unused = epochs.length - 1 - epoch;
  return { data: Buffer.concat(seen.data), requests, before, after, exit, unused, turning, granted, closed };
}

interface Seen {
  data: Buffer[];
  requests: string[];
  channels: Set<number>;
  exit: string | null;
  granted: number;
  closed: boolean;
}

function readPayload(seen: Seen, payload: Buffer): void {
  const walk = new Walk(payload);
  const kind = walk.byte();
  if (kind === 94 || kind === 95) {
    seen.channels.add(walk.uint32());
    if (kind === 95) walk.uint32();
    seen.data.push(walk.string());
  }
  if (kind === 97) seen.closed = true;
  if (kind === 93) {
    walk.uint32();
    seen.granted += walk.uint32();
  }
  // The channel was opened under kept keys, and there is one.
  if (kind === 90) {
    seen.requests.push(`open ${walk.text()}`);
    walk.uint32();
    seen.granted += walk.uint32();
  }
  if (kind === 91) {
    walk.uint32();
    walk.uint32();
    seen.granted += walk.uint32();
  }
  // Of the launcher's, where requests are looked at: a login has no place under a kept key.
  if (kind >= 50 && kind <= 79) seen.requests.push('login');
  if (kind === 80) seen.requests.push(`global ${walk.text()}`);
  if (kind !== 98) return;
  walk.uint32();
  const name = walk.text();
  walk.byte();
  if (name === 'pty-req') walk.string();
  if (name === 'pty-req' || name === 'window-change') seen.requests.push(`${name} ${walk.uint32()}x${walk.uint32()}`);
  else if (name === 'exec') seen.requests.push(`exec ${walk.text()}`);
  else if (name === 'exit-status') seen.exit = String(walk.uint32());
  else if (name === 'exit-signal') seen.exit = `SIG${walk.text()}`;
  else seen.requests.push(name);
}
