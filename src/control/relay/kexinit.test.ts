import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, sshString, sshUint32 } from '../../recording/signatures/wire.ts';
import { peekKexInit } from './kexinit.ts';
import { type Direction, type GateStep, KexInitGate } from './kexinit-gate.ts';

function kexInit(toServer: string, toClient = toServer): Buffer {
  const lists = [
    'curve25519-sha256',
    'ssh-ed25519',
    toServer,
    toClient,
    'hmac-sha2-256',
    'hmac-sha2-256',
    'none',
    'none',
    '',
    '',
  ];
  const payload = concat(
    Buffer.from([20]),
    randomBytes(16),
    ...lists.map((list) => sshString(list)),
    Buffer.from([0]),
    sshUint32(0),
  );
  const padding = Buffer.alloc(4 + ((8 - ((payload.length + 9) % 8)) % 8));
  return concat(sshUint32(1 + payload.length + padding.length), Buffer.from([padding.length]), payload, padding);
}

const gcm = 'aes256-gcm@openssh.com';
const client = concat(Buffer.from('SSH-2.0-client\r\n'), kexInit(`${gcm},aes128-gcm@openssh.com`));
const server = concat(Buffer.from('hello\r\nSSH-2.0-server\r\n'), kexInit(`chacha20-poly1305@openssh.com,${gcm}`));

interface Run {
  passed: Record<Direction, Buffer>;
  refused: string | null;
  gate: KexInitGate;
}

function run(parts: [Direction, Buffer][]): Run {
  const gate = new KexInitGate();
  const passed = { 'to-target': Buffer.alloc(0), 'from-target': Buffer.alloc(0) };
  for (const [direction, bytes] of parts) {
    const step: GateStep = gate.push(direction, bytes);
    for (const part of step.pass) passed[part.direction] = Buffer.concat([passed[part.direction], part.bytes]);
    if (step.refused !== null) return { passed, refused: step.refused, gate };
    if (gate.isOpen) break;
  }
  return { passed, refused: null, gate };
}

describe('the gate of the relay', () => {
  it('opens for AES-GCM and has passed every byte', () => {
    const after = Buffer.from('kex');
    const { passed, refused, gate } = run([
      ['to-target', concat(client, after)],
      ['from-target', server],
    ]);
    expect([refused, gate.isOpen]).toEqual([null, true]);
    expect(passed['to-target']).toEqual(concat(client, after));
    expect(passed['from-target']).toEqual(server);
  });

  it('holds what follows a KEXINIT until the other side is seen', () => {
    const { passed, gate } = run([['to-target', concat(client, Buffer.from('more'))]]);
    expect(gate.isOpen).toBe(false);
    expect(passed['to-target']).toEqual(client);
  });

  const hello = Buffer.from('SSH-2.0-x\r\n');
  const refusals: { name: string; from: Buffer; to: Buffer; why: RegExp }[] = [
    {
      name: 'chacha20',
      to: concat(hello, kexInit('chacha20-poly1305@openssh.com')),
      from: concat(hello, kexInit('chacha20-poly1305@openssh.com')),
      why: /cipher chacha20/,
    },
    {
      name: 'ctr',
      to: concat(hello, kexInit('aes256-ctr')),
      from: concat(hello, kexInit(`${gcm},aes256-ctr`)),
      why: /cipher aes256-ctr/,
    },
    {
      name: 'GCM one way and ctr the other',
      to: concat(hello, kexInit(gcm, 'aes256-ctr')),
      from: concat(hello, kexInit(gcm, 'aes256-ctr')),
      why: /cipher aes256-gcm@openssh.com \/ aes256-ctr/,
    },
    {
      name: 'no cipher in common',
      to: concat(hello, kexInit(gcm)),
      from: concat(hello, kexInit('aes128-gcm@openssh.com')),
      why: /none/,
    },
    { name: 'another protocol', to: Buffer.from(`GET / HTTP/1.1\r\n${'x'.repeat(9000)}`), from: server, why: /no SSH/ },
    {
      name: 'a first packet that is no KEXINIT',
      to: concat(hello, sshUint32(12), Buffer.from([4, 2]), Buffer.alloc(10)),
      from: server,
      why: /not a key exchange/,
    },
    {
      name: 'a length that lies',
      to: concat(hello, Buffer.from('ffffffff00', 'hex')),
      from: server,
      why: /impossible length/,
    },
  ];
  it.each(refusals)('refuses $name', ({ to, from, why }) => {
    const { refused, gate } = run([
      ['from-target', from],
      ['to-target', to],
    ]);
    expect(refused).toMatch(why);
    expect(gate.isOpen).toBe(false);
  });

  it('refuses a flood before the key exchange', () => {
    expect(run([['to-target', concat(client, Buffer.alloc(70_000))]]).refused).toMatch(/too much/);
  });

  it('does the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 40 }), fc.boolean(), (sizes, clientFirst) => {
        const parts: [Direction, Buffer][] = [];
        let a = client;
        let b = server;
        for (const [index, size] of sizes.entries()) {
          if ((index % 2 === 0) === clientFirst) {
            parts.push(['to-target', a.subarray(0, size)]);
            a = a.subarray(size);
          } else {
            parts.push(['from-target', b.subarray(0, size)]);
            b = b.subarray(size);
          }
        }
        parts.push(['to-target', a], ['from-target', b]);
        const { passed, refused, gate } = run(parts.filter(([, bytes]) => bytes.length > 0));
        expect([refused, gate.isOpen]).toEqual([null, true]);
        expect(passed['to-target'].equals(client) && passed['from-target'].equals(server)).toBe(true);
      }),
    );
  });

  it('never throws on arbitrary bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void peekKexInit(concat(hello, bytes))));
  });
});
