import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { makeProof } from '../../../src/lab/owner/device.ts';
import {
  type ControlToLauncher,
  controlToLauncherSchema,
  type LauncherToControl,
} from '../../../src/shared/protocol/control-channel.ts';
import type { Device } from './world.ts';

/** Opens a WebSocket of the API with the device's proof; not yet open when it resolves. */
export async function webSocket(device: Device, path: string): Promise<WebSocket> {
  const proof = await makeProof(device.client.key, 'GET', `${device.client.address}${path}`);
  return new WebSocket(`${device.client.address.replace(/^https/, 'wss')}${path}`, {
    ca: device.client.trustRoot,
    headers: { DPoP: proof },
  });
}

/** Code and reason of a socket's end, whenever it comes. */
export function ended(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
}

/** A launcher's side of the control channel, without any launcher's habits: it says only what it is told to. */
export interface Launcher {
  socket: WebSocket;
  closed: Promise<{ code: number; reason: string }>;
  say(message: LauncherToControl): void;
  sayRaw(text: string | Buffer): void;
  /** The next message of a kind, or one that came already and was not taken. */
  next<T extends ControlToLauncher['type']>(type: T): Promise<Extract<ControlToLauncher, { type: T }>>;
  /** Says a recording head every 500 ms until it is stopped. */
  beat(sessionId: string): () => void;
  close(): Promise<void>;
}

/** `sessions`: what it says it runs. */
export async function connectLauncher(device: Device, sessions: string[] = []): Promise<Launcher> {
  const socket = await webSocket(device, '/v1/control');
  const closed = ended(socket);
  const inbox: ControlToLauncher[] = [];
  const waiting: { type: string; resolve(message: ControlToLauncher): void }[] = [];
  socket.on('message', (data) => {
    const message = controlToLauncherSchema.parse(JSON.parse(data.toString()));
    const at = waiting.findIndex((entry) => entry.type === message.type);
    if (at >= 0) waiting.splice(at, 1)[0]?.resolve(message);
    else inbox.push(message);
  });
  await once(socket, 'open');
  const launcher: Launcher = {
    socket,
    closed,
    say: (message) => socket.send(JSON.stringify(message)),
    sayRaw: (text) => socket.send(text),
    next(type) {
      const at = inbox.findIndex((message) => message.type === type);
      if (at >= 0) return Promise.resolve(inbox.splice(at, 1)[0] as never);
      return new Promise((resolve) => waiting.push({ type, resolve: resolve as never }));
    },
    beat(sessionId) {
      const head = () =>
        launcher.say({ type: 'recording-head', sessionId, outputBytes: 10, inputBytes: 1, frames: 2, chain: 'ab' });
      head();
      const timer = setInterval(head, 500);
      return () => clearInterval(timer);
    },
    async close() {
      socket.close();
      await closed;
    },
  };
  launcher.say({ type: 'hello', version: 'test', sessions });
  await launcher.next('hello');
  return launcher;
}

export interface RelayPort {
  port: number;
  relayed: Promise<{ code: number; reason: string }>;
  /**
   * Resolves when the target's first bytes have come: then there is a wire to cut, and the session has had its one connection. An open WebSocket says
   * neither, its admission has only begun. Rejects when it ends before.
   */
  carries: Promise<void>;
  close(): void;
}

/** A TCP port on loopback whose first connection is carried over the relay of a session. */
export async function relayPort(device: Device, sessionId: string): Promise<RelayPort> {
  const socket = await webSocket(device, `/v1/relay/${sessionId}`);
  const relayed = ended(socket);
  const carries = new Promise<void>((resolve, reject) => {
    socket.once('message', () => resolve());
    void relayed.then(({ code, reason }) => reject(new Error(`the relay ended with ${code} ${reason}`)));
  });
  // Most tests do not ask.
  carries.catch(() => undefined);
  await once(socket, 'open');
  let early: Buffer[] = [];
  const keep = (bytes: Buffer) => early.push(bytes);
  socket.on('message', keep);
  let client: Socket | undefined;
  const server = createServer((connection) => {
    client = connection;
    connection.on('data', (bytes) => socket.send(bytes));
    connection.on('error', () => undefined);
    connection.on('close', () => socket.close());
    socket.off('message', keep);
    for (const bytes of early) connection.write(bytes);
    early = [];
    socket.on('message', (bytes: Buffer) => connection.write(bytes));
    socket.on('close', () => connection.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    relayed,
    carries,
    close() {
      server.close();
      client?.destroy();
      socket.terminate();
    },
  };
}
