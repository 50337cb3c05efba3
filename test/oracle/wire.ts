import { createDecipheriv } from 'node:crypto';
import type { Keys } from './anchor.ts';
import { must, Walk } from './bytes.ts';

/** What one direction of the wire carried on its session channel. */
export interface Carried {
  data: Buffer;
  /** Requests in order, e.g. "pty-req 80x24", "window-change 100x30", "exec id", "shell". */
  requests: string[];
  /** Packets that no key opens: the first exchange's. */
  unknown: number;
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
  const carried = { data: [] as Buffer[], requests: [] as string[], unknown: 0, channels: new Set<number>() };
  let epoch = -1;
  let count = 0;
  skipClear(walk);
  while (walk.left >= 4) {
    const length = walk.take(4);
    if (walk.left < length.readUInt32BE(0) + 16) break;
    const sealed = walk.take(length.readUInt32BE(0) + 16);
    const [current, next] = [epochs[epoch], epochs[epoch + 1]];
    let payload = current === undefined ? null : open(current, count, length, sealed);
    if (payload === null && next !== undefined) {
      payload = open(next, 0, length, sealed);
      if (payload !== null) {
        epoch += 1;
        count = 0;
      }
    }
    count += 1;
    if (payload !== null) readPayload(carried, payload);
    else if (epoch === -1) carried.unknown += 1;
    else must(false, `a packet of the wire at ${walk.at} does not open`);
  }
  must(carried.channels.size <= 1, 'data of more than one channel');
  return { data: Buffer.concat(carried.data), requests: carried.requests, unknown: carried.unknown };
}

function readPayload(carried: { data: Buffer[]; requests: string[]; channels: Set<number> }, payload: Buffer): void {
  const walk = new Walk(payload);
  const kind = walk.byte();
  if (kind === 94 || kind === 95) {
    carried.channels.add(walk.uint32());
    if (kind === 95) walk.uint32();
    carried.data.push(walk.string());
  }
  if (kind !== 98) return;
  walk.uint32();
  const name = walk.text();
  walk.byte();
  if (name === 'pty-req') walk.string();
  if (name === 'pty-req' || name === 'window-change')
    carried.requests.push(`${name} ${walk.uint32()}x${walk.uint32()}`);
  else if (name === 'exec') carried.requests.push(`exec ${walk.text()}`);
  else carried.requests.push(name);
}
