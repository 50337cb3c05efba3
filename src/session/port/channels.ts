import type { SessionToScreen } from '../../shared/protocol/session-port.ts';

/** One way to one screen, whatever carries it. */
export interface ScreenChannel {
  post(message: SessionToScreen): void;
  /** Everything that arrives, unchecked. */
  onMessage(listener: (message: unknown) => void): void;
  /** The screen went away. */
  onClose(listener: () => void): void;
  close(): void;
}

/** What Electron's MessagePortMain is for a utility process, as far as it is used here; sessions never import Electron. */
export interface ElectronPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

export function isElectronPort(value: unknown): value is ElectronPort {
  if (typeof value !== 'object' || value === null) return false;
  return ['postMessage', 'on', 'start', 'close'].every((name) => typeof Reflect.get(value, name) === 'function');
}

/** A renderer's MessagePort, brokered by main. */
export function electronChannel(port: ElectronPort): ScreenChannel {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      port.on('message', (event) => listener(event.data));
      port.start();
    },
    onClose: (listener) => void port.on('close', listener),
    close: () => port.close(),
  };
}

/** Under plain Node: `screen` envelopes on the fork's channel. `deliver` is what the owner's side calls with each inner message. */
export function envelopeChannel(send: (message: { type: 'screen'; message: SessionToScreen }) => void): {
  channel: ScreenChannel;
  deliver(message: unknown): void;
} {
  let listener: ((message: unknown) => void) | undefined;
  return {
    channel: {
      post: (message) => send({ type: 'screen', message }),
      onMessage(next) {
        listener = next;
      },
      onClose: () => undefined,
      close: () => {
        listener = undefined;
      },
    },
    deliver: (message) => listener?.(message),
  };
}
