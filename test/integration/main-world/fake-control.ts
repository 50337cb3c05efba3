import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { type WebSocket, WebSocketServer } from 'ws';
import { makeConfig } from '../../../src/control/config/config.ts';
import { openTls } from '../../../src/control/config/tls.ts';
import { publicKeyLine } from '../../../src/recording/signatures/keys.ts';
import { signDocument } from '../../../src/recording/signatures/signed.ts';
import type { ErrorCode } from '../../../src/shared/errors/codes.ts';
import type { TargetView } from '../../../src/shared/model/target.ts';
import { type LauncherToControl, launcherToControlSchema } from '../../../src/shared/protocol/control-channel.ts';
import { encodeInvite } from '../../../src/shared/protocol/invite.ts';
import { parsePiece } from '../../../src/shared/protocol/journal-frames.ts';
import type { GrantPayload, OrderPayload } from '../../../src/shared/protocol/signed.ts';

/** What a scripted answer may be instead of the ordinary one. */
export type Scripted = { status: number; json: unknown } | { cut: true };
export type Script = (request: { method: string; path: string; count: number; body: Buffer }) => Scripted | null;

export function problem(status: number, code: ErrorCode, detail = 'because the test says so'): Scripted {
  return { status, json: { type: 'about:blank', title: code, status, code, detail } };
}

/**
 * A control server of the test's own, over real TLS with a real authority: it checks every DPoP proof and remembers what it was sent, and
 * `script` makes it answer wrongly, which the real one cannot be made to do.
 */
export async function startFakeControl(recipients: string[]) {
  const data = mkdtempSync(join(tmpdir(), 'fake-control-'));
  const tls = await openTls(makeConfig({ data, listen: '127.0.0.1:0', name: '127.0.0.1' }), new Date());
  const serverKey = generateKeyPairSync('ed25519').privateKey;
  const faults: string[] = [];
  const requests: string[] = [];
  const jtis = new Set<string>();
  const heard: LauncherToControl[] = [];
  const listeners = new Set<() => void>();
  const stored = new Map<
    string,
    { segments: Map<string, Buffer>; manifest: string | null; journal: { bytes: Buffer; because: string } | null }
  >();
  const counts = new Map<string, number>();
  const sockets = new Set<Duplex>();
  let control: WebSocket | null = null;
  let script: Script = () => null;
  let changeGrant: (grant: GrantPayload) => GrantPayload = (grant) => grant;
  let welcome = true;
  let refusal: { status: number; code: ErrorCode; detail: string } | null = null;
  /** How far this server's clock, as its answers tell it, is from the real one. */
  let clockOffMs = 0;
  let clipboard: 'allowed' | 'denied' = 'allowed';
  let keyPolicy: 'keyring' | 'file' = 'file';
  let spool = { quotaBytes: 4_096_000_000, keepStoredHours: 0 };

  const target: TargetView = {
    id: 'target-1',
    name: 'web-01',
    description: '',
    address: '127.0.0.1:22',
    labels: {},
    production: false,
    owner: null,
    route: 'direct',
    logins: [{ name: 'deploy', isDefault: true, credential: 'certificate' }],
    needs: [],
    hostKeyFingerprints: [],
    grantedBy: ['operators'],
    lastUsedAt: null,
    lock: null,
    unreachable: null,
  };

  async function checkProof(request: IncomingMessage): Promise<void> {
    const proof = String(request.headers.dpop);
    const header = decodeProtectedHeader(proof);
    const { payload } = await jwtVerify(proof, await importJWK(header.jwk!, 'ES256'), { typ: 'dpop+jwt' });
    const htu = `https://${request.headers.host}${request.url!.split('?')[0]}`;
    if (payload.htm !== request.method || payload.htu !== htu)
      faults.push(`proof names ${payload.htm} ${payload.htu}, asked was ${request.method} ${htu}`);
    if (jtis.has(payload.jti!)) faults.push('a proof was used twice');
    jtis.add(payload.jti!);
  }

  const recordingOf = (sessionId: string) => {
    const known = stored.get(sessionId) ?? { segments: new Map<string, Buffer>(), manifest: null, journal: null };
    stored.set(sessionId, known);
    return known;
  };
  const lease = (sessionId: string, seq: number) =>
    signDocument({
      privateKey: serverKey,
      namespace: 'lease@sallyport',
      value: { version: 1, sessionId, seq, issuedAt: new Date().toISOString(), durationMs: 10_000 },
    });

  function answer(method: string, url: URL, body: Buffer): unknown {
    const path = url.pathname;
    const parts = path.split('/').slice(1);
    const json = () => JSON.parse(body.toString());
    if (path === '/v1/enrolments') {
      return {
        device: { id: 'device-1', name: json().deviceName },
        user: { id: 'jonas', name: 'Jonas Lindqvist' },
        organisation: 'Example',
        serverKey: publicKeyLine(serverKey),
        deviceKey: keyPolicy,
      };
    }
    if (path === '/v1/me') {
      return {
        user: { id: 'jonas', name: 'Jonas Lindqvist', roles: ['operator'] },
        device: { id: 'device-1', name: 'here' },
        organisation: 'Example',
        policy: {
          deviceKey: 'file',
          recordMode: 'strict',
          spool,
          clipboard,
        },
        views: ['targets', 'sessions', 'recordings'],
      };
    }
    if (path === '/v1/devices/device-1' && method === 'DELETE') return {};
    if (path === '/v1/targets') return { targets: [target] };
    if (path === '/v1/recordings') return { recordings: [], next: null };
    if (path === '/v1/sessions') {
      const asked = json();
      const sessionId = randomUUID();
      const grant: GrantPayload = changeGrant({
        version: 1,
        sessionId,
        serverNonce: 'nonce',
        issuedAt: new Date().toISOString(),
        organisation: 'Example',
        user: { id: 'jonas', name: 'Jonas Lindqvist' },
        device: { id: 'device-1', name: 'here' },
        target: { id: target.id, name: target.name, host: '127.0.0.1', port: 22, production: false },
        login: asked.login,
        reason: asked.reason,
        ticket: asked.ticket,
        route: 'direct',
        hostKeys: [publicKeyLine(generateKeyPairSync('ed25519').publicKey)],
        recipients: { output: recipients, input: recipients, text: recipients },
        credential: { kind: 'certificate', algorithm: 'ssh-ed25519-cert-v01@openssh.com', certificate: 'AAAA' },
        sessionKey: asked.sessionKey,
        limits: { maxSeconds: 600, idleSeconds: null },
        recordMode: 'strict',
        evidence: { anchors: false, wire: false },
        command: null,
      });
      return {
        grant: signDocument({ privateKey: serverKey, namespace: 'grant@sallyport', value: grant }),
        lease: lease(grant.sessionId, 0),
      };
    }
    const recording = recordingOf(parts[2]!);
    const digest = createHash('sha256').update(body).digest('hex');
    if (method === 'PUT' && parts[3] === 'segments') {
      recording.segments.set(`${parts[4]}/${parts[5]}`, body);
      return { sha256: digest, storedAt: new Date().toISOString() };
    }
    if (method === 'PUT' && parts[3] === 'journal') {
      recording.journal = { bytes: body, because: url.searchParams.get('because') ?? '' };
      return { sha256: digest, storedAt: new Date().toISOString() };
    }
    if (method === 'PUT' && parts[3] === 'manifest') {
      recording.manifest = json().manifest as string;
      const lines = recording.manifest.split('\n').length - 1;
      const value = {
        version: 1,
        sessionId: parts[2],
        lines,
        head: createHash('sha256').update(recording.manifest).digest('hex'),
        segments: recording.segments.size,
        bytes: [...recording.segments.values()].reduce((sum, one) => sum + one.length, 0),
        ended: /\nend /.test(recording.manifest),
        wire: null,
        at: new Date().toISOString(),
      };
      return { receipt: signDocument({ privateKey: serverKey, namespace: 'receipt@sallyport', value }) };
    }
    throw new Error(`the fake server does not know ${method} ${path}`);
  }

  /** What came of each journal while it grew. */
  const journals = new Map<string, Buffer>();
  function acknowledge(socket: WebSocket, sessionId: string): void {
    const offset = journals.get(sessionId)?.length ?? 0;
    socket.send(JSON.stringify({ type: 'frames-acknowledged', sessionId, offset }));
  }
  function takePiece(socket: WebSocket, raw: Buffer): void {
    const piece = parsePiece(raw);
    if (piece === null) {
      faults.push('a piece of a journal that is none');
      return;
    }
    const kept = journals.get(piece.sessionId) ?? Buffer.alloc(0);
    if (piece.offset === kept.length) journals.set(piece.sessionId, Buffer.concat([kept, piece.bytes]));
    acknowledge(socket, piece.sessionId);
  }

  const server = createServer({ cert: tls.chain, key: tls.key }, (request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void (async () => {
        const url = new URL(request.url!, 'https://x');
        const name = `${request.method} ${url.pathname}`;
        counts.set(name, (counts.get(name) ?? 0) + 1);
        requests.push(name);
        await checkProof(request);
        const body = Buffer.concat(chunks);
        const scripted = script({ method: request.method!, path: url.pathname, count: counts.get(name)!, body });
        if (scripted !== null && 'cut' in scripted) {
          request.socket.destroy();
          return;
        }
        const { status, json } = scripted ?? { status: 200, json: answer(request.method!, url, body) };
        const date = new Date(Date.now() + clockOffMs).toUTCString();
        reply.writeHead(status, { 'content-type': 'application/json', date }).end(JSON.stringify(await json));
        for (const listener of [...listeners]) listener();
      })().catch((error: unknown) => {
        faults.push(String(error));
        reply.writeHead(500).end();
      });
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const channel = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    void checkProof(request).then(() => {
      if (!welcome) {
        socket.destroy();
        return;
      }
      if (refusal !== null) {
        const { status, code, detail } = refusal;
        const body = JSON.stringify({ type: 'about:blank', title: code, status, code, detail });
        const date = new Date(Date.now() + clockOffMs).toUTCString();
        socket.end(
          `HTTP/1.1 ${status} Refused\r\ncontent-type: application/problem+json\r\ndate: ${date}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
        );
        return;
      }
      channel.handleUpgrade(request, socket, head, (opened) => {
        control = opened;
        opened.send(JSON.stringify({ type: 'hello', serverTime: new Date().toISOString() }));
        opened.on('message', (raw: Buffer, isBinary) => {
          if (isBinary) takePiece(opened, raw);
          else {
            const message = launcherToControlSchema.parse(JSON.parse(String(raw)));
            heard.push(message);
            if (message.type === 'journal-position') acknowledge(opened, message.sessionId);
          }
          for (const listener of [...listeners]) listener();
        });
      });
    });
  });
  let port = 0;
  const listen = () =>
    new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  await listen();

  return {
    faults,
    requests,
    heard,
    stored,
    journals,
    serverKey,
    get address() {
      return `https://127.0.0.1:${port}`;
    },
    trustRoot: tls.trustRoot,
    tls,
    invite: (trustRoot = tls.trustRoot) =>
      encodeInvite({ v: 0, address: `https://127.0.0.1:${port}`, trustRoot, code: 'ABCD2345' }),
    setScript: (next: Script) => {
      script = next;
    },
    setGrant: (next: typeof changeGrant) => {
      changeGrant = next;
    },
    /** Where a device enrolled from here on may keep its key. */
    setKeyPolicy: (next: typeof keyPolicy) => {
      keyPolicy = next;
    },
    /** As the next `me` tells it. */
    setSpool: (next: Partial<typeof spool>) => {
      spool = { ...spool, ...next };
    },
    setClipboard: (next: typeof clipboard) => {
      clipboard = next;
    },
    setWelcome: (next: boolean) => {
      welcome = next;
    },
    send: (message: unknown) => control?.send(typeof message === 'string' ? message : JSON.stringify(message)),
    lease: (sessionId: string, seq: number) =>
      control?.send(JSON.stringify({ type: 'lease', sessionId, lease: lease(sessionId, seq) })),
    cutChannel: () => control?.terminate(),
    closeChannel: (code: number) => control?.close(code),
    /** The upgrade of the control channel is refused with this from now on; null: taken again. */
    refuseChannel: (next: typeof refusal) => {
      refusal = next;
    },
    setClockOff: (ms: number) => {
      clockOffMs = ms;
    },
    /** The link stays up and nothing answers on it any more, as when a cable is cut far away. */
    goSilent: () => control?.pause(),
    /** Sends a kill; returns its order id. The server's own key signs it unless a forger's is given; `envelope` is the session the message names. */
    kill: (sessionId: string, forger = serverKey, envelope = sessionId): string => {
      const order: OrderPayload = {
        version: 1,
        orderId: randomUUID(),
        sessionId,
        kind: 'kill',
        reason: 'legal hold',
        by: { id: 'mira', name: 'Mira Okafor', role: 'analyst' },
        requestedAt: new Date().toISOString(),
        lock: { id: 'lock-1', targetName: target.name },
      };
      control?.send(
        JSON.stringify({
          type: 'kill',
          sessionId: envelope,
          orderId: order.orderId,
          order: signDocument({ privateKey: forger, namespace: 'order@sallyport', value: order }),
        }),
      );
      return order.orderId;
    },
    /** Resolves when `look` finds something, asked again after everything the server hears. */
    until: <T>(look: () => T | undefined | null | false): Promise<T> =>
      new Promise((resolve) => {
        const check = () => {
          const found = look();
          if (found === undefined || found === null || found === false) return;
          listeners.delete(check);
          resolve(found);
        };
        listeners.add(check);
        check();
      }),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
    start: listen,
    removeFiles: () => rmSync(data, { recursive: true, force: true }),
  };
}
export type FakeControl = Awaited<ReturnType<typeof startFakeControl>>;
