import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, sshString, sshUint32 } from '../../recording/signatures/wire.ts';
import { HostProofReader } from './host-proof.ts';

function packet(...payload: Uint8Array[]): Buffer {
  const bytes = concat(...payload);
  return concat(sshUint32(bytes.length + 5), Buffer.from([4]), bytes, Buffer.alloc(4));
}

const key = randomBytes(51);
const share = randomBytes(32);
const signature = randomBytes(83);
const ident = Buffer.from('a banner\r\nSSH-2.0-target\r\n');
const kexInit = packet(Buffer.from([20]), randomBytes(300));
const reply = (type = 31) => packet(Buffer.from([type]), sshString(key), sshString(share), sshString(signature));
const newKeys = packet(Buffer.from([21]));

function read(...parts: Buffer[]): HostProofReader {
  const reader = new HostProofReader();
  for (const part of parts) reader.push(part);
  return reader;
}

describe("the reader of a host's proof", () => {
  it.each([31, 33])('finds key and signature in message %i, however the bytes are cut', (type) => {
    const bytes = concat(ident, kexInit, packet(Buffer.from([2]), sshString('ignored')), reply(type), newKeys);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 30 }), (sizes) => {
        let rest = bytes;
        const parts = sizes.map((size) => {
          const part = rest.subarray(0, size);
          rest = rest.subarray(size);
          return part;
        });
        const reader = read(...parts, rest);
        expect([reader.proof, reader.done]).toEqual([{ hostKey: key, hostSignature: signature }, true]);
      }),
    );
  });

  it('keeps the first, and looks at nothing after the first keys', () => {
    const another = packet(Buffer.from([31]), sshString('k'), sshString('f'), sshString('s'));
    expect(read(ident, kexInit, reply(), another, newKeys).proof?.hostKey).toEqual(key);
    expect(read(ident, kexInit, newKeys, reply()).proof).toBeNull();
  });

  it('takes the group of a group exchange, also message 31, for no proof', () => {
    const group = packet(Buffer.from([31]), sshString(randomBytes(257)), sshString(Buffer.from([2])));
    expect(read(ident, kexInit, group, reply(33)).proof?.hostSignature).toEqual(signature);
  });

  it('gives up on a flood, and never throws', () => {
    const flood = read(
      ident,
      ...Array.from({ length: 40 }, () => packet(Buffer.from([2]), randomBytes(2000))),
      reply(),
    );
    expect([flood.proof, flood.done]).toEqual([null, true]);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void read(ident, Buffer.from(bytes))));
  });
});
