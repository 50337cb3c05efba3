import { assertNever } from '../../shared/errors/result.ts';
import {
  highWater,
  lowWater,
  type ScreenToSession,
  type SessionToScreen,
  screenToSessionSchema,
} from '../../shared/protocol/session-port.ts';
import type { ScreenChannel } from './channels.ts';

export interface ScreenPortOptions {
  input(data: Uint8Array): void;
  resize(cols: number, rows: number): void;
  disconnect(): void;
  /** There is room again for output, or a screen at all. */
  room(): void;
  /** The screen sent something that is no message. */
  malformed(): void;
}

type Output = Extract<SessionToScreen, { type: 'output' }>;
type Kept = Exclude<SessionToScreen, Output>;

export interface ScreenPort {
  /** Makes this the screen; one that was there before is let go. It gets the state as it is and the output that nobody has acknowledged. */
  attach(channel: ScreenChannel): void;
  output(data: Uint8Array, end: number): void;
  /** Sends a fact and keeps the latest of each kind for screens that come later. */
  tell(message: Kept): void;
  hasRoom(): boolean;
}

/**
 * The screen's side of a session (session-port.ts). Output waits for acknowledgements between a high and a low mark: above the high one the
 * pipeline stops reading from the target. What is unacknowledged is kept, at most the high mark and a frame, so that a window that is
 * loaded again misses nothing.
 */
export function makeScreenPort(options: ScreenPortOptions): ScreenPort {
  let channel: ScreenChannel | null = null;
  let sentEnd = 0;
  let drawnEnd = 0;
  let waiting = false;
  const unacknowledged: Output[] = [];
  const latest = new Map<Kept['type'], Kept>();

  function drawn(end: number): void {
    drawnEnd = Math.min(Math.max(drawnEnd, end), sentEnd);
    while (unacknowledged[0] !== undefined && unacknowledged[0].end <= drawnEnd) unacknowledged.shift();
    if (waiting && sentEnd - drawnEnd <= lowWater) {
      waiting = false;
      options.room();
    }
  }

  function receive(raw: unknown): void {
    const parsed = screenToSessionSchema.safeParse(raw);
    if (parsed.success) obey(parsed.data);
    else options.malformed();
  }

  function obey(message: ScreenToSession): void {
    switch (message.type) {
      case 'input':
        options.input(message.data);
        break;
      case 'resize':
        options.resize(message.cols, message.rows);
        break;
      case 'drawn':
        drawn(message.end);
        break;
      case 'disconnect':
        options.disconnect();
        break;
      default:
        assertNever(message);
    }
  }

  return {
    attach(next) {
      channel?.close();
      channel = next;
      next.onMessage((raw) => {
        if (channel === next) receive(raw);
      });
      next.onClose(() => {
        if (channel === next) channel = null;
      });
      for (const type of ['state', 'opened', 'record', 'evidence', 'recording-stopped', 'problem'] as const) {
        const message = latest.get(type);
        if (message !== undefined) next.post(message);
      }
      for (const message of unacknowledged) next.post(message);
      options.room();
    },
    output(data, end) {
      // A copy of exactly these bytes: cloning a view would carry the whole buffer it lies in, other sessions' secrets included.
      const message: Output = { type: 'output', data: new Uint8Array(data), end };
      sentEnd = end;
      unacknowledged.push(message);
      channel?.post(message);
    },
    tell(message) {
      latest.set(message.type, message);
      channel?.post(message);
    },
    hasRoom() {
      if (sentEnd - drawnEnd >= highWater) waiting = true;
      return channel !== null && !waiting;
    },
  };
}
