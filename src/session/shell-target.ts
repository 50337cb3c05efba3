import type { ClientChannel } from 'ssh2';
import type { Target } from './pipeline.ts';

export interface ShellTargetEvents {
  readable(): void;
  /** The shell has exited; what it wrote before may still come. */
  exited(status: number | null, signal: string | null): void;
  /** Everything that came has been read, and nothing will come any more. */
  drained(): void;
}

/** Bytes written to the channel that the target has not taken yet, above which a person can only be pasting without end. */
const maxUnsent = 16 * 1024 * 1024;

export interface ShellTarget extends Target {
  /** Whether something has come that was not read. */
  holds(): boolean;
}

/**
 * A shell's channel as the pipeline's target. Reads are pulled, never pushed: what is not read stays in the channel's window. Data beside the output comes
 * with it, in its order (src/ssh/one-channel.ts).
 */
export function makeShellTarget(channel: ClientChannel, events: ShellTargetEvents, overflow: () => void): ShellTarget {
  channel.on('readable', events.readable);
  channel.on('exit', (code: number | null, signal?: string) => events.exited(code, signal ?? null));
  channel.on('close', events.drained);
  // A write to a channel that has just gone; the end of the channel is reported anyway.
  channel.on('error', () => undefined);
  return {
    read: (max) => pull(channel, max),
    holds: () => channel.readableLength > 0,
    write(data) {
      channel.write(data);
      if (channel.writableLength > maxUnsent) overflow();
    },
    resize: (cols, rows) => channel.setWindow(rows, cols, 0, 0),
  };
}

/** At an empty end `read` also makes the stream say that it has ended. */
function pull(stream: NodeJS.ReadableStream & { readableLength?: number }, max: number): Uint8Array | null {
  const waiting = stream.readableLength ?? 0;
  const data = waiting === 0 ? stream.read() : stream.read(Math.min(max, waiting));
  return data instanceof Uint8Array ? data : null;
}
