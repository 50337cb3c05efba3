import {
  type OwnerToSession,
  ownerToSessionSchema,
  type SessionToOwner,
} from '../../shared/protocol/session-control.ts';
import { electronChannel, envelopeChannel, isElectronPort, type ScreenChannel } from '../port/channels.ts';

/** The way to the process that owns this session: Electron's main, or whoever forked it under plain Node. */
export interface OwnerLink {
  send(message: SessionToOwner): void;
  /** Resolves when what was sent before has left this process. */
  flushed(): Promise<void>;
  listen(listener: OwnerListener): void;
}

export interface OwnerListener {
  message(message: OwnerToSession): void;
  screen(channel: ScreenChannel): void;
  malformed(): void;
  /** The owner is gone. */
  gone(): void;
}

interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown; ports?: unknown[] }) => void): unknown;
}

/** The link of this process. Throws when it was started by nobody who could own a session. */
export function openOwnerLink(): OwnerLink {
  const parentPort: unknown = Reflect.get(process, 'parentPort');
  if (parentPort !== undefined && parentPort !== null) return electronLink(parentPort as ParentPort);
  if (process.send !== undefined) return forkLink();
  throw new Error('a session process is started by Sallyport, not by hand');
}

/** Takes apart what arrived: checked before anything is done with it. */
function dispatch(
  raw: unknown,
  listener: OwnerListener,
  onPort: () => void,
  onScreen: (message: unknown) => void,
): void {
  const parsed = ownerToSessionSchema.safeParse(raw);
  if (!parsed.success) listener.malformed();
  else if (parsed.data.type === 'port') onPort();
  else if (parsed.data.type === 'screen') onScreen(parsed.data.message);
  else listener.message(parsed.data);
}

function electronLink(parentPort: ParentPort): OwnerLink {
  return {
    send: (message) => parentPort.postMessage(message),
    // Electron does not say when a message has left; its queue is drained within a few turns of the loop.
    flushed: () => new Promise((resolve) => setTimeout(resolve, 100)),
    listen(listener) {
      parentPort.on('message', (event) => {
        const port = event.ports?.[0];
        dispatch(
          event.data,
          listener,
          () => (isElectronPort(port) ? listener.screen(electronChannel(port)) : listener.malformed()),
          () => listener.malformed(),
        );
      });
    },
  };
}

function forkLink(): OwnerLink {
  let lastSent: Promise<void> = Promise.resolve();
  const send = (message: SessionToOwner): void => {
    if (!process.connected) return;
    lastSent = new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
  };
  return {
    send,
    flushed: () => lastSent,
    listen(listener) {
      // Under plain Node the screen is always there: it shares the owner's channel.
      const { channel, deliver } = envelopeChannel(send);
      listener.screen(channel);
      process.on('message', (raw) => dispatch(raw, listener, () => undefined, deliver));
      process.on('disconnect', () => listener.gone());
    },
  };
}
