import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { SallyportError } from '../../shared/errors/result.ts';
import type { Handover, HandoverOptions } from '../broker/handover/hand-over.ts';
import type { Refusal } from '../broker/handover/password-login.ts';
import type { Counts } from './pipe.ts';

/** Starts the broker's login on a connection to the target. `tell` sends the launcher its first frame. */
export type HandOver = (
  wiring: Pick<HandoverOptions, 'toTarget' | 'toLauncher' | 'done' | 'refused'> & { tell(frame: string): void },
) => Handover;

/**
 * Carries a handover between a launcher's WebSocket, which must be paused when this is called, and a target's socket. When both
 * have new keys `done` is called with what is to be sent first, while nothing else can come in between; it must start the pipe at once.
 */
export function carryHandover(options: {
  socket: WebSocket;
  target: Socket;
  handOver: HandOver;
  done(handedOver: { toTarget: Buffer; toLauncher: Buffer; counts: Counts }): void;
  refused(refusal: Refusal): void;
  onMalformed(): void;
}): Pick<Handover, 'stop'> {
  const { socket, target } = options;
  let handover: Handover | null = null;
  let over = false;

  function fromLauncher(data: unknown, isBinary: boolean): void {
    if (!isBinary || !Buffer.isBuffer(data)) options.onMalformed();
    else handover?.fromLauncher(data);
  }
  function fromTarget(bytes: Buffer): void {
    handover?.fromTarget(bytes);
  }
  function leave(): void {
    over = true;
    socket.off('message', fromLauncher);
    target.off('data', fromTarget);
  }

  socket.on('message', fromLauncher);
  // Read from now on, so that one that goes away, or speaks before it was told, is noticed while the broker logs in.
  socket.resume();
  target.on('data', fromTarget);
  try {
    handover = options.handOver({
      toTarget: (bytes) => void target.write(bytes),
      toLauncher: (bytes) => socket.send(bytes, { binary: true }),
      tell(frame) {
        if (!over) socket.send(frame, { binary: false });
      },
      done(early) {
        leave();
        const counts = {
          bytesToTarget: target.bytesWritten,
          bytesFromTarget: target.bytesRead - early.toLauncher.length,
        };
        options.done({ ...early, counts });
      },
      refused(refusal) {
        leave();
        options.refused(refusal);
      },
    });
  } catch (error) {
    leave();
    const code = error instanceof SallyportError ? error.code : 'SP-9001';
    // What `Handover` says of its start: there is no use for the host keys on record, or ssh2 is another one.
    options.refused({ code, check: code === 'SP-2032' ? 'host-key-kinds' : 'start' });
  }
  return {
    stop() {
      leave();
      handover?.stop();
    },
  };
}
