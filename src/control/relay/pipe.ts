import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type HostProof, HostProofReader } from './host-proof.ts';
import { type Direction, KexInitGate } from './kexinit-gate.ts';

/** Bytes waiting for a slow launcher above which the target is not read, and below which it is again. */
const highWater = 1_048_576;
const lowWater = 262_144;

export interface Counts {
  bytesToTarget: number;
  bytesFromTarget: number;
}

export interface Pipe {
  readonly counts: Counts;
  /** What the target proved in the first key exchange over this pipe; null before. Kept until it is taken. */
  takeHostProof(): HostProof | null;
  /** From here on no byte passes either way. */
  stop(): void;
}

/**
 * Carries bytes between a launcher's WebSocket (binary frames) and a target's socket, unchanged, in both directions with back-pressure: a side
 * that does not take its bytes stops the other from being read. The first key exchange passes the gate; `onRefused` hears why it did not.
 * The WebSocket must be paused when this is called; it is resumed here.
 */
export function startPipe(options: {
  socket: WebSocket;
  target: Socket;
  onRefused(why: string): void;
  onMalformed(): void;
}): Pipe {
  const { socket, target } = options;
  const counts: Counts = { bytesToTarget: 0, bytesFromTarget: 0 };
  let gate: KexInitGate | null = new KexInitGate();
  let hostProof: HostProofReader | null = new HostProofReader();
  let stopped = false;

  function toTarget(bytes: Buffer): void {
    counts.bytesToTarget += bytes.length;
    if (!target.write(bytes)) socket.pause();
  }

  function toLauncher(bytes: Buffer): void {
    counts.bytesFromTarget += bytes.length;
    socket.send(bytes, { binary: true }, () => {
      if (!stopped && target.isPaused() && socket.bufferedAmount < lowWater) target.resume();
    });
    if (socket.bufferedAmount > highWater) target.pause();
  }

  function move(direction: Direction, bytes: Buffer): void {
    if (stopped) return;
    if (gate === null) {
      if (direction === 'to-target') toTarget(bytes);
      else toLauncher(bytes);
      return;
    }
    const step = gate.push(direction, bytes);
    if (gate.isOpen) gate = null;
    for (const part of step.pass) {
      if (part.direction === 'to-target') toTarget(part.bytes);
      else toLauncher(part.bytes);
    }
    if (step.refused !== null) options.onRefused(step.refused);
  }

  socket.on('message', (data, isBinary) => {
    if (stopped) return;
    if (!isBinary || !Buffer.isBuffer(data)) options.onMalformed();
    else move('to-target', data);
  });
  target.on('drain', () => socket.resume());
  target.on('data', (bytes: Buffer) => {
    if (hostProof?.done === false) hostProof.push(bytes);
    move('from-target', bytes);
  });
  socket.resume();

  return {
    counts,
    takeHostProof() {
      const proof = stopped ? null : (hostProof?.proof ?? null);
      hostProof = null;
      return proof;
    },
    stop() {
      stopped = true;
    },
  };
}
