import type { OwnerToReplay, ReplayToOwner, ReplayToScreen } from '../shared/protocol/replay.ts';
import { ownerToReplaySchema } from '../shared/protocol/replay.ts';

/** Where messages to the screen go. */
export interface ScreenChannel {
  post(message: ReplayToScreen): void;
}

export interface OwnerListener {
  /** Never `port` or `screen`: those are the channel's own. */
  message(message: OwnerToReplay): void;
  /** The screen can be reached from now on. */
  screen(channel: ScreenChannel): void;
  /** A message from the screen, unchecked. */
  fromScreen(message: unknown): void;
  malformed(): void;
}

export interface OwnerChannel {
  send(message: ReplayToOwner): void;
  listen(listener: OwnerListener): void;
}

/** What Electron gives a utility process, as far as it is used here; this process never imports Electron. */
interface Port {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown; ports?: unknown[] }) => void): unknown;
  start?(): void;
}

function isPort(value: unknown): value is Port {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['postMessage', 'on'].every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

/** The way to whoever started this process: Electron's main, or a fork under plain Node (`serialization: 'advanced'`). Throws when it was nobody. */
export function openOwnerChannel(): OwnerChannel {
  const parentPort: unknown = Reflect.get(process, 'parentPort');
  if (isPort(parentPort)) return electronChannel(parentPort);
  if (process.send !== undefined) return forkChannel();
  throw new Error('a replay process is started by Sallyport, not by hand');
}

function electronChannel(parentPort: Port): OwnerChannel {
  return {
    send: (message) => parentPort.postMessage(message),
    listen(listener) {
      parentPort.on('message', (event) => {
        const parsed = ownerToReplaySchema.safeParse(event.data);
        const port = event.ports?.[0];
        if (!parsed.success || parsed.data.type === 'screen') return listener.malformed();
        if (parsed.data.type !== 'port') return listener.message(parsed.data);
        if (!isPort(port)) return listener.malformed();
        port.on('message', (inner) => listener.fromScreen(inner.data));
        port.start?.();
        return listener.screen({ post: (message) => port.postMessage(message) });
      });
    },
  };
}

function forkChannel(): OwnerChannel {
  const send = (message: ReplayToOwner): void => {
    if (process.connected) process.send?.(message);
  };
  return {
    send,
    listen(listener) {
      listener.screen({ post: (message) => send({ type: 'screen', message }) });
      process.on('message', (raw) => {
        const parsed = ownerToReplaySchema.safeParse(raw);
        if (!parsed.success) listener.malformed();
        else if (parsed.data.type === 'screen') listener.fromScreen(parsed.data.message);
        else if (parsed.data.type !== 'port') listener.message(parsed.data);
      });
      // Nobody is left to show anything to, and an identity is in memory.
      process.on('disconnect', () => process.exit(0));
    },
  };
}
