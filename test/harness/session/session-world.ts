import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { publicKeyLine, signBlob } from '../../../src/recording/signatures/keys.ts';
import { signDocument } from '../../../src/recording/signatures/signed.ts';
import { signSsh } from '../../../src/recording/signatures/sshsig.ts';
import type { SessionParts } from '../../../src/session/session.ts';
import type { EndReason } from '../../../src/shared/model/session.ts';
import {
  type OwnerToSession,
  type SessionToOwner,
  sessionToOwnerSchema,
} from '../../../src/shared/protocol/session-control.ts';
import {
  type ScreenToSession,
  type SessionToScreen,
  sessionToScreenSchema,
} from '../../../src/shared/protocol/session-port.ts';
import {
  type GrantPayload,
  type LeasePayload,
  namespaces,
  type OrderPayload,
  sessionKeyStatement,
} from '../../../src/shared/protocol/signed.ts';
import { forkSession, runInside, type SessionHost } from './session-host.ts';
import type { Sshd } from './sshd.ts';

/** Builds the session process when its sources are newer. */
export function buildSession(): void {
  execFileSync(process.execPath, [resolve(import.meta.dirname, '../../../scripts/build.mjs'), 'session'], {
    stdio: 'pipe',
  });
}

export interface World {
  child: SessionHost;
  folder: string;
  identities: { output: string; input: string };
  grant: GrantPayload;
  serverKey: string;
  startMessage: OwnerToSession;
  owned: SessionToOwner[];
  shown: SessionToScreen[];
  /** Everything shown, as text. */
  text(): string;
  send(message: OwnerToSession): void;
  screen(message: ScreenToSession): void;
  type(text: string): void;
  /** Resolves with the first message, of the past or to come, that the guard takes. */
  owner<T extends SessionToOwner['type']>(
    type: T,
    where?: (message: Extract<SessionToOwner, { type: T }>) => boolean,
  ): Promise<Extract<SessionToOwner, { type: T }>>;
  onScreen(where: (message: SessionToScreen) => boolean): Promise<SessionToScreen>;
  sees(pattern: RegExp): Promise<void>;
  ended(): Promise<{ reason: EndReason; complete: boolean }>;
  exited: Promise<number | null>;
  renew(durationMs?: number): void;
  kill(changes?: Partial<OrderPayload> & { forged?: boolean }): string;
  stderr(): string;
  stop(): Promise<void>;
}

export interface WorldOptions {
  sshd: Pick<Sshd, 'port' | 'login' | 'hostKey' | 'authority'>;
  hostKeys?: string[];
  limits?: GrantPayload['limits'];
  leaseMs?: number;
  /** Renew the lease every 2 s, as main does. */
  renew?: boolean;
  relay?: { url: string; proof: string; trustRoot: string };
  /** Acknowledge what is drawn; on unless false. */
  draws?: boolean;
  /** Sees all that is shown; `text()` then has the end of it only. */
  output?: (data: Uint8Array, end: number) => void;
  grant?: Partial<GrantPayload>;
  /** Runs the session in this process, with a recorder of the test's own. */
  inside?: Pick<SessionParts, 'openRecorder'>;
  /** Where somebody else, a relay, must know them. */
  serverKey?: KeyObject;
  sessionId?: string;
  /** Changes the start message after it was made. */
  start?: (message: Extract<OwnerToSession, { type: 'start' }>) => Extract<OwnerToSession, { type: 'start' }>;
  /** Answers login-signature instead of the broker. */
  answer?: (
    message: Extract<SessionToOwner, { type: 'login-signature' }>,
  ) => Extract<OwnerToSession, { type: 'login-signature-answer' }>;
  /** Answers sealed-password; nobody does where it is absent. */
  sealedPassword?: (
    message: Extract<SessionToOwner, { type: 'sealed-password' }>,
  ) => Promise<Extract<OwnerToSession, { type: 'sealed-password-answer' }>>;
  /** Holds the broker's answer back until then. */
  answerAfter?: () => Promise<unknown>;
}

/** A certificate for a key that only this process, the broker of the test, holds. Real `ssh-keygen -s` signs it. */
function makeBroker(sshd: WorldOptions['sshd']) {
  const key = generateKeyPairSync('ed25519').privateKey;
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-broker-'));
  writeFileSync(join(folder, 'key.pub'), `${publicKeyLine(key)}\n`);
  execFileSync('ssh-keygen', [
    '-q',
    '-s',
    sshd.authority,
    '-I',
    'a test',
    '-n',
    sshd.login,
    '-V',
    '-1m:+5m',
    join(folder, 'key.pub'),
  ]);
  const [algorithm = '', certificate = ''] = readFileSync(join(folder, 'key-cert.pub'), 'utf8').split(' ');
  return {
    algorithm,
    certificate,
    sign: (data: string) => signBlob(key, Buffer.from(data, 'base64')).toString('base64'),
  };
}

/** Forks the built session process and plays owner, broker, control server and screen for it. */
export async function startSession(options: WorldOptions): Promise<World> {
  const { sshd } = options;
  const broker = makeBroker(sshd);
  const serverKey = options.serverKey ?? generateKeyPairSync('ed25519').privateKey;
  const deviceKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const identities = { output: await generateIdentity(), input: await generateIdentity() };
  const sessionId = options.sessionId ?? randomUUID();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-spool-'));

  const child = options.inside === undefined ? forkSession() : runInside(options.inside);
  const owned: SessionToOwner[] = [];
  const shown: SessionToScreen[] = [];
  const waiters = new Set<() => void>();
  let text = '';
  let seq = 0;
  const { exited } = child;
  const send = (message: OwnerToSession) => child.send(message);
  child.onMessage((raw) => {
    const message = sessionToOwnerSchema.parse(raw);
    if (message.type === 'screen') {
      const inner = sessionToScreenSchema.parse(message.message);
      if (inner.type === 'output') {
        options.output?.(inner.data, inner.end);
        text += Buffer.from(inner.data).toString('latin1');
        if (options.output !== undefined && text.length > 2_000_000) text = text.slice(-65_536);
        if (options.draws !== false) send({ type: 'screen', message: { type: 'drawn', end: inner.end } });
      }
      if (inner.type !== 'output') shown.push(inner);
      for (const listener of [...listeners]) listener(inner);
    } else {
      owned.push(message);
      if (message.type === 'login-signature') {
        const answer = options.answer?.(message) ?? {
          type: 'login-signature-answer',
          id: message.id,
          signature: broker.sign(message.toSign),
          problem: null,
        };
        void Promise.resolve(options.answerAfter?.()).then(() => send(answer));
      }
      if (message.type === 'sealed-password') void options.sealedPassword?.(message).then(send);
    }
    for (const check of [...waiters]) check();
  });
  const listeners = new Set<(message: SessionToScreen) => void>();

  function waitFor<T>(look: () => T | undefined, what: string): Promise<T> {
    return new Promise((done, reject) => {
      const check = () => {
        const found = look();
        if (found === undefined) return;
        waiters.delete(check);
        done(found);
      };
      waiters.add(check);
      void exited.then(() =>
        reject(
          new Error(
            `the session process is gone, and there was no ${what}; ${JSON.stringify(owned.at(-1))} ${child.noise()}`,
          ),
        ),
      );
      check();
    });
  }
  const owner: World['owner'] = (type, where) =>
    waitFor(
      () =>
        owned.find(
          (message): message is Extract<SessionToOwner, { type: typeof type }> =>
            message.type === type && (where?.(message as Extract<SessionToOwner, { type: typeof type }>) ?? true),
        ),
      type,
    );

  const ready = await owner('ready');
  const grant: GrantPayload = {
    version: 1,
    sessionId,
    serverNonce: 'a-nonce-for-the-test',
    issuedAt: new Date().toISOString(),
    organisation: 'Test',
    user: { id: 'ada', name: 'Ada Byron' },
    device: { id: 'device-1', name: 'laptop' },
    target: { id: 'target-1', name: 'web-1', host: '127.0.0.1', port: sshd.port, production: false },
    login: sshd.login,
    reason: null,
    ticket: null,
    route: options.relay === undefined ? 'direct' : 'relay',
    hostKeys: options.hostKeys ?? [sshd.hostKey],
    recipients: {
      output: [await identityToRecipient(identities.output)],
      input: [await identityToRecipient(identities.input)],
      text: [await identityToRecipient(identities.output)],
    },
    credential: { kind: 'certificate', algorithm: broker.algorithm, certificate: broker.certificate },
    sessionKey: ready.sessionKey,
    limits: options.limits ?? { maxSeconds: 3600, idleSeconds: null },
    recordMode: 'strict',
    evidence: { anchors: false, wire: false },
    command: null,
    ...options.grant,
  };
  const signed = (namespace: (typeof namespaces)[keyof typeof namespaces], value: unknown, privateKey = serverKey) =>
    signDocument({ privateKey, namespace, value });
  const lease = (durationMs: number) => {
    const payload: LeasePayload = { version: 1, sessionId, seq, issuedAt: new Date().toISOString(), durationMs };
    seq += 1;
    return signed(namespaces.lease, payload);
  };
  const start: Extract<OwnerToSession, { type: 'start' }> = {
    type: 'start',
    folder,
    grant: signed(namespaces.grant, grant),
    lease: lease(options.leaseMs ?? 10_000),
    serverKey: publicKeyLine(serverKey),
    sessionKeyCertificate: signSsh({
      privateKey: deviceKey,
      namespace: namespaces.sessionKey,
      message: sessionKeyStatement({ deviceId: 'device-1', sessionKey: ready.sessionKey }),
    }),
    deviceKey: publicKeyLine(deviceKey),
    relay: options.relay ?? null,
    terminal: { cols: 80, rows: 24, term: 'xterm-256color' },
    software: 'sallyport test',
  };
  send(options.start?.(start) ?? start);
  const timer =
    options.renew === false ? undefined : setInterval(() => send({ type: 'lease', lease: lease(10_000) }), 2000);

  return {
    child,
    folder,
    identities,
    grant,
    serverKey: publicKeyLine(serverKey),
    startMessage: start,
    owned,
    shown,
    text: () => text,
    send,
    screen: (message) => send({ type: 'screen', message }),
    type: (line) => send({ type: 'screen', message: { type: 'input', data: Buffer.from(line) } }),
    owner,
    onScreen: (where) =>
      new Promise((done) => {
        const past = shown.find(where);
        if (past !== undefined) return done(past);
        const listener = (message: SessionToScreen) => {
          if (!where(message)) return;
          listeners.delete(listener);
          done(message);
        };
        listeners.add(listener);
      }),
    sees: (pattern) =>
      waitFor(
        () => (pattern.test(text) ? true : undefined),
        `${pattern} on the screen, but ${JSON.stringify(text.slice(-300))}`,
      ).then(() => undefined),
    ended: () => owner('ended'),
    exited,
    renew: (durationMs = 10_000) => send({ type: 'lease', lease: lease(durationMs) }),
    kill(changes = {}) {
      const { forged, ...rest } = changes;
      const order: OrderPayload = {
        version: 1,
        orderId: randomUUID(),
        sessionId,
        kind: 'kill',
        reason: 'wrong host',
        by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
        requestedAt: new Date().toISOString(),
        lock: { id: 'lock-1', targetName: 'web-1' },
        ...rest,
      };
      send({
        type: 'kill',
        orderId: order.orderId,
        order: signed(namespaces.order, order, forged === true ? deviceKey : serverKey),
      });
      return order.orderId;
    },
    stderr: child.noise,
    async stop() {
      clearInterval(timer);
      await child.stop();
    },
  };
}
