import { connect, createServer, type Socket } from 'node:net';

/** Stands between a session and its target and sees, from outside, when the session's connection is closed. */
export interface TcpObserver {
  port: number;
  connections: number;
  /** `performance.now()` when the session's side was seen to be gone. */
  closed: Promise<number>;
  bytesToSession: number;
  /** All that crossed, where `keep` was asked for. */
  wire: { toTarget: Buffer[]; fromTarget: Buffer[] };
  /** Cuts the connection without a goodbye. */
  reset(): void;
  stop(): Promise<void>;
}

export async function observeTcp(targetPort: number, keep = false): Promise<TcpObserver> {
  const closed = Promise.withResolvers<number>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    observer.connections += 1;
    const target = connect(targetPort, '127.0.0.1');
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    target.on('data', (data) => {
      observer.bytesToSession += data.length;
      if (keep) observer.wire.fromTarget.push(data);
      if (!client.write(data)) target.pause();
    });
    client.on('drain', () => target.resume());
    client.on('data', (data) => {
      if (keep) observer.wire.toTarget.push(data);
      target.write(data);
    });
    client.on('close', () => {
      closed.resolve(performance.now());
      target.destroy();
    });
    target.on('close', () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const observer: TcpObserver = {
    port: address.port,
    connections: 0,
    closed: closed.promise,
    bytesToSession: 0,
    wire: { toTarget: [], fromTarget: [] },
    reset() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return observer;
}
