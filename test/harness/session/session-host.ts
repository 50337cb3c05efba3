import { fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { resolve } from 'node:path';
import { publicKeyLine } from '../../../src/recording/signatures/keys.ts';
import { envelopeChannel } from '../../../src/session/port/channels.ts';
import { makeSession, type Session, type SessionParts } from '../../../src/session/session.ts';
import { ownerToSessionSchema } from '../../../src/shared/protocol/session-control.ts';
import { stopChild } from './sshd.ts';

/** What runs a session: a process of its own, or this one. */
export interface SessionHost {
  pid: number;
  send(message: unknown): void;
  onMessage(listener: (raw: unknown) => void): void;
  exited: Promise<number | null>;
  /** What it wrote to stdout and stderr. */
  noise(): string;
  disconnect(): void;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
  /** The session itself, when it runs in this process. */
  session?: Session;
}

const entry = resolve(import.meta.dirname, '../../../.vite/build/session.cjs');

/** The built session process, as the lab runs it. */
export function forkSession(): SessionHost {
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  let noise = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      noise += chunk;
    });
  }
  return {
    pid: child.pid ?? 0,
    send: (message) => {
      // It may have gone in this moment: then nobody misses the message.
      if (child.connected) child.send(message as object, () => undefined);
    },
    onMessage: (listener) => void child.on('message', listener),
    exited: new Promise((done) => child.once('exit', (code) => done(code))),
    noise: () => noise,
    disconnect: () => child.disconnect(),
    kill: (signal) => void child.kill(signal),
    stop: () => stopChild(child),
  };
}

/** A session in this process, for faults that cannot be brought about from outside. */
export function runInside(parts: Pick<SessionParts, 'openRecorder'>): SessionHost {
  const exited = Promise.withResolvers<number | null>();
  const sessionKey = generateKeyPairSync('ed25519').privateKey;
  let listener: (raw: unknown) => void = () => undefined;
  const send = (message: unknown) => setImmediate(() => listener(structuredClone(message)));
  const session = makeSession({
    ...parts,
    link: { send, flushed: () => new Promise((done) => setImmediate(done)) },
    sessionKey,
    now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
    exit: exited.resolve,
  });
  const { channel, deliver } = envelopeChannel(send);
  session.screen(channel);
  send({ type: 'ready', sessionKey: publicKeyLine(sessionKey) });
  return {
    pid: process.pid,
    send(raw) {
      const message = ownerToSessionSchema.parse(raw);
      if (message.type === 'screen') deliver(message.message);
      else session.message(message);
    },
    onMessage(next) {
      listener = next;
    },
    exited: exited.promise,
    noise: () => '',
    disconnect: session.gone,
    kill: session.gone,
    stop: async () => session.gone(),
    session,
  };
}
