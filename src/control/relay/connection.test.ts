import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { openConnection } from './connection.ts';

/** As much of a WebSocket as a connection touches. */
class FakeSocket extends EventEmitter {
  readonly closes: { code: number; reason: string }[] = [];
  bufferedAmount = 0;
  pause(): void {}
  resume(): void {}
  send(): void {}
  terminate(): void {}
  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }
}

let server: Server | undefined;
afterEach(() => server?.close());

it('is reset when it is cut, so that nothing that still waits is delivered, and says once how it ended', async () => {
  server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const { port } = server.address() as { port: number };
  const socket = new FakeSocket();
  const log: string[] = [];
  const opened = Promise.withResolvers<void>();
  const connection = openConnection({
    socket: socket as unknown as WebSocket,
    address: '127.0.0.1',
    port,
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    cutAt: () => performance.now() + 60_000,
    events: {
      onOpen: opened.resolve,
      onUnreachable: (why) => log.push(`unreachable: ${why}`),
      onHostProof: async () => undefined,
      onFailure: (error) => log.push(`failed: ${error}`),
      onClosed: ({ code, why }, counts) => log.push(`closed: ${code} ${why} ${counts.bytesToTarget}`),
    },
  });
  await opened.promise;
  const [target] = await accepted;
  const failed = once(target, 'error').then(([error]) => error as NodeJS.ErrnoException);
  socket.emit('message', Buffer.from('y'.repeat(5000)), true);
  const first = connection.end({ code: 4001, why: 'killed', discard: true });
  await Promise.all([first, connection.end({ code: 4000, why: 'later', discard: false })]);
  socket.emit('message', Buffer.from('too late'), true);
  target.resume();
  expect((await failed).code).toBe('ECONNRESET');
  expect(log).toEqual([expect.stringMatching(/^closed: 4001 killed 5000$/)]);
  expect(socket.closes).toEqual([{ code: 4001, reason: 'killed' }]);
});

it('that is still connecting is ended at once', async () => {
  // TEST-NET-1 (RFC 5737): nobody answers, or nobody can be asked; either way it is not connected yet.
  const closed = Promise.withResolvers<string>();
  const connection = openConnection({
    socket: new FakeSocket() as unknown as WebSocket,
    address: '192.0.2.1',
    port: 22,
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    cutAt: () => performance.now() + 60_000,
    events: {
      onOpen: () => undefined,
      onUnreachable: () => undefined,
      onHostProof: async () => undefined,
      onFailure: () => undefined,
      onClosed: ({ why }) => closed.resolve(why),
    },
  });
  await connection.end({ code: 4001, why: 'killed', discard: true });
  expect(await closed.promise).toBe('killed');
});

it('that is being handed over stops the broker when it is ended, before anything else can pass', async () => {
  // The reset reaches it too.
  server = createServer((accepted) => accepted.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const log: string[] = [];
  const begun = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const connection = openConnection({
    socket: new FakeSocket() as unknown as WebSocket,
    address: '127.0.0.1',
    port,
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    cutAt: () => performance.now() + 60_000,
    handOver() {
      begun.resolve();
      return {
        fromTarget: () => undefined,
        fromLauncher: () => undefined,
        stop: () => log.push('stopped'),
      };
    },
    events: {
      onOpen: () => undefined,
      onUnreachable: () => undefined,
      onHostProof: async () => undefined,
      onFailure: () => undefined,
      onClosed: () => closed.resolve(),
    },
  });
  await begun.promise;
  await connection.end({ code: 4001, why: 'killed', discard: true });
  await closed.promise;
  expect(log).toEqual(['stopped']);
});

it('passes no byte after its time, although the timer that cuts it has not run yet: the process was stopped', async () => {
  const heard: Buffer[] = [];
  server = createServer((accepted) => {
    accepted.on('error', () => undefined);
    accepted.on('data', (bytes: Buffer) => heard.push(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = new FakeSocket();
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  let now = 0;
  openConnection({
    socket: socket as unknown as WebSocket,
    address: '127.0.0.1',
    port,
    clock: { now: () => new Date(), monotonicMs: () => now },
    cutAt: () => 10_000,
    events: {
      onOpen: opened.resolve,
      onUnreachable: () => undefined,
      onHostProof: async () => undefined,
      onFailure: () => undefined,
      onClosed: ({ why }, { bytesToTarget }) => closed.resolve(`${why}, ${bytesToTarget}`),
    },
  });
  await opened.promise;
  now = 10_000;
  socket.emit('message', Buffer.from('SSH-2.0-late\r\n'), true);
  expect(await closed.promise).toBe('the lease ran out, 0');
  expect(heard).toEqual([]);
});

it('that cannot keep what crosses it is ended, and nothing of it reaches the target', async () => {
  const heard: Buffer[] = [];
  server = createServer((accepted) => {
    accepted.on('error', () => undefined);
    accepted.on('data', (bytes: Buffer) => heard.push(bytes));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = new FakeSocket();
  const log: string[] = [];
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  openConnection({
    socket: socket as unknown as WebSocket,
    address: '127.0.0.1',
    port,
    clock: { now: () => new Date(), monotonicMs: () => performance.now() },
    cutAt: () => performance.now() + 60_000,
    wire: {
      keep() {
        throw new Error('no space left');
      },
      closed: () => log.push('wire closed'),
    },
    events: {
      onOpen: opened.resolve,
      onUnreachable: () => undefined,
      onHostProof: async () => undefined,
      onFailure: (error) => log.push(`${error}`),
      onClosed: ({ code, why }) => {
        log.push(`${code} ${why}`);
        closed.resolve();
      },
    },
  });
  await opened.promise;
  socket.emit('message', Buffer.from('SSH-2.0-launcher\r\n'), true);
  await closed.promise;
  expect(log).toEqual(['Error: no space left', 'wire closed', '1011 the relay cannot keep the wire']);
  expect(heard).toEqual([]);
});
