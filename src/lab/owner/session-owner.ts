import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { signSsh } from '../../recording/signatures/sshsig.ts';
import { SallyportError, toProblem } from '../../shared/errors/result.ts';
import type { EndReason } from '../../shared/model/session.ts';
import {
  type OwnerToSession,
  type SessionToOwner,
  sessionToOwnerSchema,
} from '../../shared/protocol/session-control.ts';
import { type ScreenToSession, sessionToScreenSchema } from '../../shared/protocol/session-port.ts';
import { grantPayloadSchema, namespaces, sessionKeyStatement } from '../../shared/protocol/signed.ts';
import { builtFile } from '../control/start-control.ts';
import type { ApiClient } from './api-client.ts';
import { type ControlChannel, openControlChannel } from './control-channel.ts';
import { makeProof } from './device.ts';
import { uploadRecording } from './upload.ts';

export interface Enrolled {
  client: ApiClient;
  deviceId: string;
  serverKey: string;
}

/** A session of the lab's own, with the lab as its owner and its screen. */
export interface OwnedSession {
  sessionId: string;
  /** Everything that came to the screen so far. */
  text(): string;
  /** Resolves when the screen's text behind `from` matches; rejects when the session ends before. */
  waitFor(pattern: RegExp, from?: number): Promise<void>;
  type(text: string): void;
  resize(cols: number, rows: number): void;
  /** Resolves when the session process has gone, the recording is stored and the channel is closed. */
  done: Promise<EndReason>;
}

interface Waiter {
  pattern: RegExp;
  from: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

export interface OpenOptions {
  enrolled: Enrolled;
  targetName: string;
  login: string;
  reason: string | null;
  /** A new folder below it is made for the session. */
  spool: string;
  cols: number;
  rows: number;
}

function nextMessage<T extends SessionToOwner['type']>(
  child: ChildProcess,
  type: T,
): Promise<Extract<SessionToOwner, { type: T }>> {
  return new Promise((resolve, reject) => {
    function onMessage(raw: unknown): void {
      const message = sessionToOwnerSchema.parse(raw);
      if (message.type !== type) return;
      child.off('message', onMessage);
      resolve(message as Extract<SessionToOwner, { type: T }>);
    }
    child.on('message', onMessage);
    child.once('exit', (code) =>
      reject(new SallyportError('SP-9003', `The session process ended (${code}) before it said "${type}".`)),
    );
  });
}

/**
 * Opens a session as the launcher's main process does (docs/architecture.md), under plain Node: forks the built session entry, gets a grant for its key, answers
 * its login signature, forwards leases and heads, and sends the finished recording. Throws what the server refused.
 */
export async function openOwnedSession(options: OpenOptions): Promise<OwnedSession> {
  const { enrolled, spool } = options;
  const { client } = enrolled;
  const { targets } = await client.call('listTargets');
  const target = targets.find((each) => each.name === options.targetName);
  if (target === undefined)
    throw new SallyportError('SP-2001', `There is no target ${options.targetName} for the lab's device.`);

  const child = fork(builtFile('session.cjs'), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env.PATH },
  });
  const post = (message: OwnerToSession) => {
    if (child.connected) child.send(message);
  };
  const { sessionKey } = await nextMessage(child, 'ready');
  const sessionKeyCertificate = signSsh({
    privateKey: client.key.privateKey,
    namespace: namespaces.sessionKey,
    message: sessionKeyStatement({ deviceId: enrolled.deviceId, sessionKey }),
  });
  const { grant, lease } = await client.call('openSession', {
    body: {
      targetId: target.id,
      login: options.login,
      reason: options.reason,
      ticket: null,
      sessionKey,
      sessionKeyCertificate,
    },
  });
  const { sessionId, user, route } = grantPayloadSchema.parse(JSON.parse(grant.payload));
  const folder = path.join(spool, sessionId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const facts = {
    version: 0,
    sessionId,
    userId: user.id,
    deviceId: enrolled.deviceId,
    targetName: options.targetName,
    startedAt: new Date().toISOString(),
    sessionKey,
    sessionKeyCertificate,
    server: client.address,
  };
  writeFileSync(path.join(folder, 'session.json'), JSON.stringify(facts), { mode: 0o600 });
  writeFileSync(path.join(folder, 'grant.json'), JSON.stringify(grant), { mode: 0o600 });

  let channel: ControlChannel | null = null;
  channel = await openControlChannel(client, (message) => {
    if (message.type === 'lease' && message.sessionId === sessionId) post({ type: 'lease', lease: message.lease });
    if (message.type === 'kill' && message.sessionId === sessionId) {
      channel?.send({ type: 'order-received', orderId: message.orderId, at: new Date().toISOString() });
      post({ type: 'kill', orderId: message.orderId, order: message.order });
    }
  });
  channel.send({ type: 'hello', version: 'lab', sessions: [] });

  let text = '';
  let waiters: Waiter[] = [];
  const decoder = new TextDecoder();
  const toSession = (message: ScreenToSession) => post({ type: 'screen', message });

  function onScreen(raw: unknown): void {
    const message = sessionToScreenSchema.parse(raw);
    if (message.type !== 'output') return;
    text += decoder.decode(message.data, { stream: true });
    toSession({ type: 'drawn', end: message.end });
    for (const waiter of waiters.filter((each) => each.pattern.test(text.slice(each.from)))) {
      waiters = waiters.filter((each) => each !== waiter);
      waiter.resolve();
    }
  }

  async function sign(message: Extract<SessionToOwner, { type: 'login-signature' }>): Promise<void> {
    const { id, sshSessionId, hostKey, hostSignature, toSign } = message;
    try {
      const { signature } = await client.call('loginSignature', {
        params: { sessionId },
        body: { sshSessionId, hostKey, hostSignature, toSign },
      });
      post({ type: 'login-signature-answer', id, signature, problem: null });
    } catch (error) {
      post({ type: 'login-signature-answer', id, signature: null, problem: toProblem(error) });
    }
  }

  async function seal(message: Extract<SessionToOwner, { type: 'sealed-password' }>): Promise<void> {
    const { type: _type, id, ...body } = message;
    try {
      const { sealed } = await client.call('sealedPassword', { params: { sessionId }, body });
      post({ type: 'sealed-password-answer', id, sealed, problem: null });
    } catch (error) {
      post({ type: 'sealed-password-answer', id, sealed: null, problem: toProblem(error) });
    }
  }

  let headSentAt = 0;
  let reason: EndReason = {
    kind: 'process-crashed',
    problem: { code: 'SP-9003', message: 'The session process ended without a word.' },
  };
  child.on('message', (raw: unknown) => {
    const message = sessionToOwnerSchema.parse(raw);
    const at = new Date().toISOString();
    if (message.type === 'screen') onScreen(message.message);
    else if (message.type === 'login-signature') void sign(message);
    else if (message.type === 'sealed-password') void seal(message);
    else if (message.type === 'state' && message.state.state === 'open')
      channel?.send({ type: 'session-opened', sessionId, at });
    else if (message.type === 'socket-closed' && message.orderId !== null) {
      channel?.send({
        type: 'order-done',
        orderId: message.orderId,
        socketClosedAt: message.at,
        closedMs: message.closedMs,
        survivors: 'unknown',
      });
    } else if (message.type === 'head' && performance.now() - headSentAt >= 1000) {
      headSentAt = performance.now();
      const { outputBytes, inputBytes, frames, chain } = message;
      channel?.send({ type: 'recording-head', sessionId, outputBytes, inputBytes, frames, chain });
    } else if (message.type === 'ended') {
      reason = message.reason;
      channel?.send({ type: 'session-ended', sessionId, at, reason });
    }
  });

  const done = new Promise<void>((resolve) => child.once('exit', () => resolve())).then(async () => {
    for (const waiter of waiters)
      waiter.reject(
        new SallyportError(
          'SP-2050',
          `The session ended (${reason.kind}) before the screen showed ${waiter.pattern}. It showed: ${text.slice(-400)}`,
        ),
      );
    try {
      await uploadRecording(client, sessionId, folder);
    } finally {
      channel?.close();
    }
    return reason;
  });
  done.catch(() => undefined);

  const url = `${client.address}/v1/relay/${sessionId}`;
  const relay =
    route === 'relay'
      ? {
          url: url.replace(/^https/, 'wss'),
          proof: await makeProof(client.key, 'GET', url),
          trustRoot: client.trustRoot,
        }
      : null;
  post({
    type: 'start',
    folder,
    grant,
    lease,
    serverKey: enrolled.serverKey,
    sessionKeyCertificate,
    deviceKey: client.key.line,
    relay,
    terminal: { cols: options.cols, rows: options.rows, term: 'xterm-256color' },
    software: 'sallyport lab',
  });
  post({ type: 'port' });

  return {
    sessionId,
    text: () => text,
    waitFor(pattern, from = 0) {
      if (pattern.test(text.slice(from))) return Promise.resolve();
      return new Promise((resolve, reject) => waiters.push({ pattern, from, resolve, reject }));
    },
    type: (input) => toSession({ type: 'input', data: Buffer.from(input, 'utf8') }),
    resize: (cols, rows) => toSession({ type: 'resize', cols, rows }),
    done,
  };
}
