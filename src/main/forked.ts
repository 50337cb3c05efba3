import type { MessagePortMain } from 'electron';

/** A process that main has started, as its owner needs it: Electron's utility process in the app, a fake or a plain fork in tests. */
export interface Forked<Out> {
  readonly pid: number | undefined;
  send(message: Out, port?: MessagePortMain): void;
  onMessage(listener: (message: unknown) => void): void;
  onExit(listener: (code: number) => void): void;
  /** SIGKILL: nothing in the process runs any more, and the kernel closes its sockets. */
  sigkill(): void;
}
