import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { beforeEach, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { concat, sshString, sshUint32 } from '../../recording/signatures/wire.ts';
import type { HostProof } from './host-proof.ts';
import { startPipe } from './pipe.ts';

class FakeEnd extends EventEmitter {
  readonly sent: Buffer[] = [];
  bufferedAmount = 0;
  paused = false;
  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  isPaused(): boolean {
    return this.paused;
  }
  write(bytes: Buffer): boolean {
    this.sent.push(bytes);
    return true;
  }
  send(bytes: Buffer, _options: unknown, done: () => void): void {
    this.sent.push(bytes);
    done();
  }
}

function packet(...payload: Uint8Array[]): Buffer {
  const bytes = concat(...payload);
  return concat(sshUint32(bytes.length + 5), Buffer.from([4]), bytes, Buffer.alloc(4));
}

const names = [
  'curve25519-sha256',
  'ssh-ed25519',
  ...Array(2).fill('aes256-gcm@openssh.com'),
  ...Array(2).fill('none'),
];
const kexInit = packet(
  Buffer.from([20]),
  Buffer.alloc(16),
  ...[...names, 'none', 'none', '', ''].map((list) => sshString(list)),
  Buffer.alloc(5),
);
const [key, signature] = [randomBytes(51), randomBytes(83)];
const reply = packet(Buffer.from([31]), sshString(key), sshString(randomBytes(32)), sshString(signature));
const ident = Buffer.from('SSH-2.0-x\r\n');

let launcher: FakeEnd;
let target: FakeEnd;
let proofs: HostProof[];
let kept: PromiseWithResolvers<void>;
let unproven: unknown[];
let stop: () => void;
/** What was kept, with how much had gone on by then; and whether keeping fails. */
let log: { direction: string; bytes: Buffer; passed: number }[];
let diskIsFull: boolean;

beforeEach(() => {
  launcher = new FakeEnd();
  target = new FakeEnd();
  proofs = [];
  kept = Promise.withResolvers();
  unproven = [];
  log = [];
  diskIsFull = false;
  const pipe = startPipe({
    socket: launcher as unknown as WebSocket,
    target: target as unknown as Socket,
    keep(direction, bytes) {
      if (diskIsFull) throw new Error('no space left');
      const passed = (direction === 'to-target' ? target : launcher).sent.length;
      log.push({ direction, bytes: Buffer.from(bytes), passed });
    },
    onUnkept: (error) => unproven.push(error),
    mayPass: () => true,
    onRefused: (why) => unproven.push(why),
    onMalformed: () => unproven.push('malformed'),
    onHostProof(proof) {
      proofs.push(proof);
      return kept.promise;
    },
    onUnproven: (error) => unproven.push(error),
  });
  stop = pipe.stop;
  launcher.emit('message', concat(ident, kexInit), true);
  target.emit('data', concat(ident, kexInit));
});

const toLauncher = () => Buffer.concat(launcher.sent);

it('holds what comes from the target until its proof is kept, then passes all of it in order', async () => {
  expect(toLauncher()).toEqual(concat(ident, kexInit));
  target.emit('data', reply);
  target.emit('data', Buffer.from('more'));
  expect([proofs, toLauncher().length, target.paused]).toEqual([
    [{ hostKey: key, hostSignature: signature }],
    ident.length + kexInit.length,
    true,
  ]);
  // The other direction goes on.
  launcher.emit('message', Buffer.from('from the launcher'), true);
  expect(target.sent.at(-1)?.toString()).toBe('from the launcher');
  kept.resolve();
  await kept.promise;
  target.emit('data', Buffer.from(' and more'));
  expect(toLauncher()).toEqual(concat(ident, kexInit, reply, Buffer.from('more and more')));
  expect([proofs.length, target.paused, unproven]).toEqual([1, false, []]);
});

it('passes nothing more when the proof could not be kept, or it was stopped meanwhile', async () => {
  target.emit('data', reply);
  stop();
  kept.resolve();
  await kept.promise;
  expect(toLauncher().length).toBe(ident.length + kexInit.length);
});

it('says when the proof could not be kept', async () => {
  target.emit('data', reply);
  kept.reject(new Error('the database is away'));
  await kept.promise.catch(() => undefined);
  expect(unproven).toHaveLength(1);
  expect(toLauncher().length).toBe(ident.length + kexInit.length);
});

it('keeps all that crosses either way before it goes on, in the order of crossing', async () => {
  target.emit('data', reply);
  kept.resolve();
  await kept.promise;
  launcher.emit('message', Buffer.from('typed'), true);
  target.emit('data', Buffer.from('shown'));
  for (const [direction, end] of [
    ['to-target', target],
    ['from-target', launcher],
  ] as const) {
    const of = log.filter((entry) => entry.direction === direction);
    expect(of.map(({ bytes }) => bytes)).toEqual(end.sent);
    // Each was kept while only those before it had been passed on.
    expect(of.map(({ passed }) => passed)).toEqual(end.sent.map((_, index) => index));
  }
});

it('passes nothing that it cannot keep, and nothing after it', async () => {
  target.emit('data', reply);
  kept.resolve();
  await kept.promise;
  const before = [target.sent.length, launcher.sent.length];
  diskIsFull = true;
  launcher.emit('message', Buffer.from('rm -rf /'), true);
  diskIsFull = false;
  launcher.emit('message', Buffer.from('more'), true);
  target.emit('data', Buffer.from('more'));
  expect([target.sent.length, launcher.sent.length]).toEqual(before);
  expect(unproven).toEqual([new Error('no space left')]);
});
