import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';

/** A relay in miniature: TLS with an authority of its own, one WebSocket, one TCP connection. */
export interface TestRelay {
  url: string;
  trustRoot: string;
  proofs: (string | undefined)[];
  /** Closes the wire as the relay does, with a close code. */
  close(code: number): void;
  /** Resolves when the session's side is gone. */
  closed: Promise<number>;
  stop(): Promise<void>;
}

export interface TestRelayOptions {
  targetPort: number;
  /** Answers the upgrade with this instead of a WebSocket. */
  refuse?: { status: number; body: string };
  /** Closes right after the upgrade with this code. */
  closeAtOnce?: number;
  closeReason?: string;
}

export function makeCertificate(): { key: string; certificate: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-relay-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=relay -addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${certificate}`.split(
      ' ',
    ),
    { stdio: 'pipe' },
  );
  return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
}

export async function startTestRelay(options: TestRelayOptions): Promise<TestRelay> {
  const { key, certificate } = makeCertificate();
  const closed = Promise.withResolvers<number>();
  const proofs: TestRelay['proofs'] = [];
  let wire: WebSocket | undefined;
  const server = createServer({ key, cert: certificate });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request: IncomingMessage, socket, head) => {
    const proof = request.headers.dpop;
    proofs.push(typeof proof === 'string' ? proof : undefined);
    if (options.refuse !== undefined) {
      const { status, body } = options.refuse;
      socket.end(
        `HTTP/1.1 ${status} No\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => {
      wire = opened;
      opened.on('close', () => closed.resolve(performance.now()));
      if (options.closeAtOnce !== undefined) {
        opened.close(options.closeAtOnce, options.closeReason ?? '');
        return;
      }
      const target = connect({ host: '127.0.0.1', port: options.targetPort, noDelay: true });
      const stream = createWebSocketStream(opened);
      for (const end of [stream, target]) end.on('error', () => undefined);
      stream.pipe(target).pipe(stream);
      target.on('close', () => opened.close(4000));
      opened.on('close', () => target.destroy());
    });
  });
  server.on('request', (_request: IncomingMessage, response: ServerResponse) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `wss://127.0.0.1:${address.port}/v1/relay/a-session`,
    trustRoot: certificate,
    proofs,
    closed: closed.promise,
    close: (code) => wire?.close(code),
    stop: () =>
      new Promise((resolve) => {
        wire?.terminate();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
