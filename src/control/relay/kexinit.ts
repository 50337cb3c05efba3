import { SshReader } from '../../recording/signatures/wire.ts';

/**
 * Reads what an SSH side says in the clear before its first keys: the identification string (RFC 4253 section 4.2) and SSH_MSG_KEXINIT (section
 * 7.1). Nothing here knows a key; it only tells which cipher will be used.
 */
const maxIdentification = 8192;
const maxPacket = 35_000;
const kexInit = 20;

export interface Ciphers {
  toServer: string[];
  toClient: string[];
}

export type PeekResult =
  | { state: 'more' }
  /** `end`: offset after KEXINIT in everything pushed so far. */
  | { state: 'found'; ciphers: Ciphers; end: number }
  | { state: 'not-ssh'; why: string };

/** Offset after the line that begins with "SSH-", or null while it has not come. A server may send other lines before it. */
export function afterIdentification(bytes: Buffer): number | null {
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0) return null;
    if (bytes.subarray(start, start + 4).toString('latin1') === 'SSH-') return end + 1;
    start = end + 1;
  }
}

export type ClearPacket =
  | { state: 'more' }
  | { state: 'not-ssh'; why: string }
  /** `end`: offset after the packet. */
  | { state: 'found'; payload: Buffer; end: number };

/** The binary packet (RFC 4253 section 6, no cipher and no MAC yet) that begins at `start`. */
export function clearPacket(bytes: Buffer, start: number): ClearPacket {
  if (bytes.length < start + 5) return { state: 'more' };
  const length = bytes.readUInt32BE(start);
  const padding = bytes.readUInt8(start + 4);
  if (length < 2 + padding || length > maxPacket) return { state: 'not-ssh', why: 'a packet of impossible length' };
  const end = start + 4 + length;
  if (bytes.length < end) return { state: 'more' };
  return { state: 'found', payload: bytes.subarray(start + 5, end - padding), end };
}

/** Looks at the beginning of one direction. */
export function peekKexInit(bytes: Buffer): PeekResult {
  const start = afterIdentification(bytes);
  if (start === null) {
    return bytes.length > maxIdentification ? { state: 'not-ssh', why: 'no SSH identification' } : { state: 'more' };
  }
  const packet = clearPacket(bytes, start);
  if (packet.state !== 'found') return packet;
  if (packet.payload[0] !== kexInit) return { state: 'not-ssh', why: 'the first packet is not a key exchange' };
  const ciphers = readCiphers(packet.payload);
  return ciphers === null
    ? { state: 'not-ssh', why: 'a broken key exchange message' }
    : { state: 'found', ciphers, end: packet.end };
}

/** The encryption algorithms of a KEXINIT payload; null when it is broken. */
export function readCiphers(payload: Buffer): Ciphers | null {
  try {
    const reader = new SshReader(payload);
    // SSH_MSG_KEXINIT, cookie, then kex_algorithms and server_host_key_algorithms
    reader.take(1 + 16);
    reader.string();
    reader.string();
    return { toServer: reader.text().split(','), toClient: reader.text().split(',') };
  } catch {
    return null;
  }
}

/** RFC 4253 section 7.1: the first of the client's list that the server has too; null when there is none. */
export function negotiate(client: Ciphers, server: Ciphers): { toServer: string | null; toClient: string | null } {
  return {
    toServer: client.toServer.find((name) => server.toServer.includes(name)) ?? null,
    toClient: client.toClient.find((name) => server.toClient.includes(name)) ?? null,
  };
}

/** AES-GCM (RFC 5647 as OpenSSH names it) leaves packet lengths in the clear, which wire evidence needs. */
export function isAcceptable(cipher: string | null): boolean {
  return cipher !== null && /^aes(128|256)-gcm@openssh\.com$/.test(cipher);
}
