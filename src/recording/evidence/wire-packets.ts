import { createDecipheriv } from 'node:crypto';
import type { WireDirection } from '../../shared/record/wire.ts';
import type { DirectionKeys } from './anchor-exchange.ts';

/** Packets that no kept secret opens, and their bytes with length and tag. */
export interface NotOpened {
  packets: number;
  bytes: number;
}

/** What of a direction stayed closed: before the first kept exchange (the login), after an exchange that was cut before it was kept, and a cut packet. */
export interface Closed {
  before: NotOpened;
  after: NotOpened;
  cut: number;
}

/** A place in a direction's file where it is not what it must be. */
export class WireFault extends Error {
  readonly direction: WireDirection;
  /** In bytes of the file. */
  readonly offset: number;

  constructor(direction: WireDirection, offset: number, what: string) {
    super(what);
    this.direction = direction;
    this.offset = offset;
  }
}

export interface OpenedPacket {
  /** Where the packet begins, in bytes of the file. */
  offset: number;
  payload: Buffer;
}

const newKeys = 21;
const identificationAtMost = 65_536;
/** RFC 4253 section 6.1; a session's own library takes no more. */
const packetAtMost = 35_000;
const lengthBytes = 4;
const tagBytes = 16;
const blockBytes = 16;
/** A login and what a target says before and after it come to less, even with a banner. */
export const beforeAtMost: Readonly<NotOpened> = { packets: 200, bytes: 131_072 };

/** Offset after the line that begins with "SSH-" (RFC 4253 section 4.2), or null while it has not come. */
function afterIdentification(bytes: Buffer): number | null {
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0) return null;
    if (bytes.subarray(start, start + 4).toString('latin1') === 'SSH-') return end + 1;
    start = end + 1;
  }
}

/** The vector of packet `counter` (RFC 5647 section 7.1): four fixed bytes, then the invocation counter. */
function vector(iv: Uint8Array, counter: bigint): Buffer {
  const out = Buffer.from(iv);
  out.writeBigUInt64BE(BigInt.asUintN(64, out.readBigUInt64BE(4) + counter), 4);
  return out;
}

/** The payload of an AES-GCM packet (RFC 5647 section 7.3), or null when these are not its keys or a bit of it was changed. */
function openPacket(keys: DirectionKeys, counter: bigint, packet: Buffer): Buffer | null {
  const name = keys.key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
  const decipher = createDecipheriv(name, keys.key, vector(keys.iv, counter), { authTagLength: tagBytes });
  decipher.setAAD(packet.subarray(0, lengthBytes));
  decipher.setAuthTag(packet.subarray(packet.length - tagBytes));
  try {
    const plain = decipher.update(packet.subarray(lengthBytes, packet.length - tagBytes));
    decipher.final();
    const padding = plain[0] ?? 0;
    return padding + 1 < plain.length ? plain.subarray(1, plain.length - padding) : null;
  } catch {
    return null;
  }
}

/**
 * Reads one direction from its first byte and opens what the kept exchanges open, in order. Before the first of them packets are passed over by their length:
 * the login's keys are never kept. After it every packet must open, and every further exchange must be in the list, but for one at the very end that
 * was cut before it was kept.
 */
export class PacketReader {
  readonly closed: Closed = { before: { packets: 0, bytes: 0 }, after: { packets: 0, bytes: 0 }, cut: 0 };
  private readonly direction: WireDirection;
  private readonly exchanges: readonly DirectionKeys[];
  private phase: 'identification' | 'clear' | 'sealed' = 'identification';
  private held: Buffer = Buffer.alloc(0);
  /** Of the first held byte. */
  private offset = 0;
  private current: DirectionKeys | null = null;
  private counter = 0n;
  /** Index of the exchange whose keys come next; how many were begun. */
  private next = 0;

  constructor(direction: WireDirection, exchanges: readonly DirectionKeys[]) {
    this.direction = direction;
    this.exchanges = exchanges;
  }

  get openedAny(): boolean {
    return this.next > 0;
  }

  /** Kept exchanges whose keys opened nothing. */
  get unused(): number {
    return this.exchanges.length - this.next;
  }

  /** The last that was opened says that the next exchange's keys follow, and no packet under them came. */
  get turning(): boolean {
    return this.openedAny && this.current === null && this.closed.after.packets === 0;
  }

  /** Where what was read ends in whole packets. */
  get end(): number {
    return this.offset;
  }

  /** What opens with these bytes. Throws `WireFault`. */
  push(chunk: Uint8Array): OpenedPacket[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.held = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes]);
    const out: OpenedPacket[] = [];
    while (this.step(out));
    this.closed.cut = this.held.length;
    return out;
  }

  private fault(what: string): WireFault {
    return new WireFault(this.direction, this.offset, what);
  }

  private pass(bytes: number): void {
    this.held = this.held.subarray(bytes);
    this.offset += bytes;
  }

  /** One packet; false when it is not all here. */
  private step(out: OpenedPacket[]): boolean {
    if (this.held.length < lengthBytes + 1) return false;
    if (this.phase === 'identification') return this.identification();
    return this.phase === 'clear' ? this.clear() : this.sealed(out);
  }

  private identification(): boolean {
    // After a handover the first byte is that of a packet's length, which no line begins with.
    if (this.held[0] === 0) {
      this.phase = 'sealed';
      return true;
    }
    const end = afterIdentification(this.held);
    if (end === null) {
      if (this.held.length > identificationAtMost) throw this.fault('it does not begin with an SSH identification');
      return false;
    }
    this.pass(end);
    this.phase = 'clear';
    return true;
  }

  /** RFC 4253 section 6, without cipher and MAC. */
  private clear(): boolean {
    const length = this.held.readUInt32BE(0);
    const padding = this.held[lengthBytes] ?? 0;
    if (length < 2 + padding || length > packetAtMost) throw this.fault('here is no packet of the first key exchange');
    if (this.held.length < lengthBytes + length) return false;
    const isLast = this.held[lengthBytes + 1] === newKeys;
    this.pass(lengthBytes + length);
    if (isLast) this.phase = 'sealed';
    return true;
  }

  private sealed(out: OpenedPacket[]): boolean {
    const length = this.held.readUInt32BE(0);
    if (length < blockBytes || length > packetAtMost || length % blockBytes !== 0)
      throw this.fault('here begins no packet of AES-GCM');
    const size = lengthBytes + length + tagBytes;
    if (this.held.length < size) return false;
    const packet = this.held.subarray(0, size);
    const payload = this.open(packet);
    if (payload === null) this.keptClosed(size);
    else out.push({ offset: this.offset, payload });
    this.pass(size);
    // The next packet is under the next exchange's keys.
    if (payload?.[0] === newKeys) this.current = null;
    return true;
  }

  private open(packet: Buffer): Buffer | null {
    if (this.current !== null) {
      const payload = openPacket(this.current, this.counter, packet);
      this.counter += 1n;
      if (payload === null) throw this.fault('a packet does not open: it was changed, or one before it is missing');
      return payload;
    }
    const keys = this.exchanges[this.next];
    if (keys === undefined) return null;
    const payload = openPacket(keys, 0n, packet);
    if (payload !== null) {
      this.current = keys;
      this.counter = 1n;
      this.next += 1;
    } else if (this.openedAny) {
      throw this.fault('a packet after a key exchange opens with no kept secret');
    }
    return payload;
  }

  private keptClosed(size: number): void {
    const where = this.openedAny ? this.closed.after : this.closed.before;
    where.packets += 1;
    where.bytes += size;
    if (where !== this.closed.before || this.exchanges.length === 0) return;
    if (where.packets > beforeAtMost.packets || where.bytes > beforeAtMost.bytes)
      throw this.fault('more crossed than a login takes, and nothing so far opens with the first kept secret');
  }
}
