import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import { type WebSocket, WebSocketServer } from 'ws';
import { handoverFrame } from '../../../src/control/broker/handover/first-frame.ts';
import { type HandoverLimits, handoverLimits, startHandover } from '../../../src/control/broker/handover/hand-over.ts';
import type { LoggedIn, loginByPassword, Refusal } from '../../../src/control/broker/handover/password-login.ts';
import { type Connection, openConnection } from '../../../src/control/relay/connection.ts';
import type { Counts } from '../../../src/control/relay/pipe.ts';
import { publicKeyLine } from '../../../src/recording/signatures/keys.ts';
import { signDocument } from '../../../src/recording/signatures/signed.ts';
import { closeCodes } from '../../../src/shared/protocol/control-channel.ts';
import { startSession, type World, type WorldOptions } from './session-world.ts';
import type { Sshd } from './sshd.ts';
import { makeCertificate } from './test-relay.ts';

/** What a hostile broker or relay does otherwise. */
export interface Tampering {
  /** Changes the first frame; `other` signs another payload with the server's own key. */
  frame?: (frame: string, other: (changes: Record<string, unknown>) => string) => string;
  /** What goes to the launcher and to the broker during the exchange. */
  toLauncher?: (bytes: Buffer) => Buffer;
  fromLauncher?: (bytes: Buffer) => Buffer;
  logIn?: typeof loginByPassword;
}

/** The relay's own leg with the broker's own handover, behind TLS with an authority of the test. */
export interface HandoverRelay {
  /** Starts a session process that comes through here. */
  session(options?: Partial<WorldOptions>): Promise<World>;
  loggedIn: LoggedIn[];
  /** Each password that the broker was given, as it is now. */
  passwords: Buffer[];
  refusals: Refusal[];
  /** How each connection to the target ended. */
  endings: { why: string; counts: Counts }[];
  /** Cuts as a kill does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface HandoverRelayOptions {
  target: Pick<Sshd, 'port' | 'login' | 'hostKey' | 'authority'>;
  password: string | null;
  /** OpenSSH lines; the target's own where absent. */
  hostKeys?: string[];
  prompt?: string;
  limits?: Partial<HandoverLimits>;
  tampering?: Tampering;
}

export async function startHandoverRelay(options: HandoverRelayOptions): Promise<HandoverRelay> {
  const { target, tampering = {} } = options;
  const { key, certificate } = makeCertificate();
  const serverKey = generateKeyPairSync('ed25519').privateKey;
  const sessionId = randomUUID();
  const hostKeys = options.hostKeys ?? [target.hostKey];
  const relay = { loggedIn: [], passwords: [], refusals: [], endings: [] } as Pick<
    HandoverRelay,
    'loggedIn' | 'passwords' | 'refusals' | 'endings'
  >;
  const open = new Set<{ connection: Connection; socket: WebSocket }>();
  const signer = {
    publicKey: publicKeyLine(serverKey),
    sign: (namespace: Parameters<typeof signDocument>[0]['namespace'], value: unknown) =>
      signDocument({ privateKey: serverKey, namespace, value }),
  };

  function frameOf(facts: LoggedIn): string {
    const frame = handoverFrame({ signer }, sessionId, facts);
    const { payload } = JSON.parse(frame) as { payload: string };
    const other = (changes: Record<string, unknown>) =>
      JSON.stringify(signer.sign('handover@sallyport', { ...(JSON.parse(payload) as object), ...changes }));
    return tampering.frame?.(frame, other) ?? frame;
  }

  function serve(socket: WebSocket): void {
    socket.pause();
    socket.on('error', () => undefined);
    const connection = openConnection({
      socket,
      address: '127.0.0.1',
      port: target.port,
      clock: { now: () => new Date(), monotonicMs: () => performance.now() },
      cutAt: () => performance.now() + 60_000,
      handOver: (wiring) => {
        const handover = startHandover(
          {
            ...wiring,
            toLauncher: (bytes) => wiring.toLauncher(tampering.toLauncher?.(bytes) ?? bytes),
            limits: { ...handoverLimits, ...options.limits },
            login: target.login,
            hostKeys,
            prompt: options.prompt ?? null,
            async password() {
              if (options.password === null) return null;
              const given = Buffer.from(options.password);
              relay.passwords.push(given);
              return given;
            },
            async announce(facts) {
              relay.loggedIn.push(facts);
              wiring.tell(frameOf(facts));
              return null;
            },
            refused(refusal) {
              relay.refusals.push(refusal);
              wiring.refused(refusal);
            },
          },
          tampering.logIn,
        );
        return {
          ...handover,
          fromLauncher: (bytes) => handover.fromLauncher(tampering.fromLauncher?.(bytes) ?? bytes),
        };
      },
      events: {
        onOpen: () => undefined,
        onUnreachable: () => undefined,
        onHostProof: async () => undefined,
        onFailure: () => undefined,
        onClosed: ({ why }, counts) => relay.endings.push({ why, counts }),
      },
    });
    open.add({ connection, socket });
  }

  const server = createServer({ key, cert: certificate });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `wss://127.0.0.1:${address.port}/v1/relay/${sessionId}`;

  return {
    ...relay,
    session: ({ grant, ...more } = {}) =>
      startSession({
        sshd: target,
        hostKeys,
        serverKey,
        sessionId,
        relay: { url, proof: 'a.proof.once', trustRoot: certificate },
        grant: { credential: { kind: 'handover' }, ...grant },
        ...more,
      }),
    async kill() {
      const ends = [...open].map(({ connection }) =>
        connection.end({ code: closeCodes.killed, why: 'killed', discard: true }),
      );
      await Promise.all(ends);
    },
    stop: () =>
      new Promise((resolve) => {
        for (const { socket } of open) socket.terminate();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
