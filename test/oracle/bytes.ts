import { createHash } from 'node:crypto';

/**
 * A second reader of recordings, written from docs/recording-format.md alone: it imports nothing of the product, only Node's own modules and age. What it
 * finds wrong it throws.
 */
export class Wrong extends Error {}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Wrong(what);
}

export function sha256(...parts: (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** `string` of RFC 4251 section 5, and mpint as well where the bytes are those of one. */
export function sshString(value: Uint8Array | string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(value));
  return Buffer.concat([length, Buffer.from(value)]);
}

/** Walks over bytes front to back; throws `Wrong` where they end early. */
export class Walk {
  at = 0;
  readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Buffer {
    must(this.at + length <= this.bytes.length, 'bytes end early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1).readUInt8(0);
  }

  uint32(): number {
    return this.take(4).readUInt32BE(0);
  }

  uint64(): number {
    return Number(this.take(8).readBigUInt64BE(0));
  }

  string(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    return this.string().toString('utf8');
  }

  get left(): number {
    return this.bytes.length - this.at;
  }
}
