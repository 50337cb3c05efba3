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
  /** From here on no byte passes either way. */
  stop(): void;
}

/**
 * Carries bytes between a launcher's WebSocket (binary frames) and a target's socket, unchanged, in both directions with back-pressure: a side
 * that does not take its bytes stops the other from being read. The first key exchange passes the gate; `onRefused` hears why it did not. What the
 * target proves in it is told to `onHostProof`, and goes on to the launcher when that has resolved: so whoever is asked for a login's signature,
 * in whatever process, finds it.
 * The WebSocket must be paused when this is called; it is resumed here.
 */
export function startPipe(options: {
  socket: WebSocket;
  target: Socket;
  handedOver?: { toTarget: Buffer; toLauncher: Buffer; counts: Counts };
  /** Keeps bytes before they are passed on; what it throws on are not. Null: nothing is kept. */
  keep: ((direction: Direction, bytes: Buffer) => void) | null;
  onUnkept(error: unknown): void;
  /** Asked before each passing of bytes. False: it has been stopped. */
  mayPass(): boolean;
  onRefused(why: string): void;
  onMalformed(): void;
  onHostProof(proof: HostProof): Promise<void>;
  /** The proof could not be kept: nothing goes on. */
  onUnproven(error: unknown): void;
}): Pipe {
  const { socket, target, handedOver } = options;
  const counts: Counts = { ...(handedOver?.counts ?? { bytesToTarget: 0, bytesFromTarget: 0 }) };
  let gate = handedOver === undefined ? new KexInitGate() : null;
  let hostProof = handedOver === undefined ? new HostProofReader() : null;
  /** What came from the target while its proof is being kept. */
  let held: Buffer[] | null = null;
  let stopped = false;

  function isKept(direction: Direction, bytes: Buffer): boolean {
    if (stopped) return false;
    try {
      options.keep?.(direction, bytes);
      return true;
    } catch (error) {
      stopped = true;
      options.onUnkept(error);
      return false;
    }
  }

  function toTarget(bytes: Buffer): void {
    if (!isKept('to-target', bytes)) return;
    counts.bytesToTarget += bytes.length;
    if (!target.write(bytes)) socket.pause();
  }

  function toLauncher(bytes: Buffer): void {
    if (!isKept('from-target', bytes)) return;
    counts.bytesFromTarget += bytes.length;
    socket.send(bytes, { binary: true }, () => {
      if (!stopped && held === null && target.isPaused() && socket.bufferedAmount < lowWater) target.resume();
    });
    if (socket.bufferedAmount > highWater) target.pause();
  }

  function move(direction: Direction, bytes: Buffer): void {
    if (stopped || !options.mayPass()) return;
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
    if (held !== null) {
      held.push(bytes);
      return;
    }
    hostProof?.push(bytes);
    const proof = hostProof?.proof ?? null;
    if (hostProof?.done === true || proof !== null) hostProof = null;
    if (proof === null) move('from-target', bytes);
    else hold(bytes, proof);
  });

  function hold(bytes: Buffer, proof: HostProof): void {
    held = [bytes];
    target.pause();
    options.onHostProof(proof).then(() => {
      const waiting = held ?? [];
      held = null;
      // Before, so that a slow launcher may pause it again.
      if (!stopped) target.resume();
      for (const part of waiting) move('from-target', part);
    }, options.onUnproven);
  }
  if (handedOver !== undefined) {
    if (handedOver.toTarget.length > 0) toTarget(handedOver.toTarget);
    if (handedOver.toLauncher.length > 0) toLauncher(handedOver.toLauncher);
  }
  socket.resume();

  return {
    counts,
    stop() {
      stopped = true;
    },
  };
}
