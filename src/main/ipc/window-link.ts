import { type BrowserWindow, ipcMain, type MessagePortMain } from 'electron';
import type { z } from 'zod';
import { type IpcEventName, ipcChannels, ipcEvents, type PortMessage } from '../../shared/protocol/ipc.ts';
import type { Log } from '../log.ts';
import { appOrigin } from '../windows/app-files.ts';
import { dispatch, type Handlers } from './dispatch.ts';

/** The one place that touches ipcMain: requests in, events and ports out. */
export class WindowLink {
  private window: BrowserWindow | null = null;

  /** From now on this window's page is the one that may ask. */
  setWindow(window: BrowserWindow | null): void {
    this.window = window;
  }

  serve(handlers: Handlers, log: Log): void {
    ipcMain.handle(ipcChannels.request, (event, name: unknown, body: unknown) => {
      const frame = event.senderFrame;
      const ours = this.window === null || this.window.isDestroyed() ? null : this.window.webContents;
      return dispatch({
        handlers,
        origin: appOrigin,
        sender: {
          isOurMainFrame: frame !== null && ours !== null && event.sender === ours && frame === ours.mainFrame,
          origin: frame === null ? '' : originOf(frame.url),
        },
        name,
        body,
        onInternal: (error) =>
          log('ipc.internal-error', {
            name: String(name).slice(0, 60),
            kind: error instanceof Error ? error.name : typeof error,
            at: whereOf(error),
          }),
      });
    });
  }

  send<N extends IpcEventName>(name: N, body: z.input<(typeof ipcEvents)[N]>): void {
    const contents = this.contents();
    // Checked on the way out as well: what is not in the schema does not leave.
    contents?.send(ipcChannels.event, name, ipcEvents[name].parse(body));
  }

  /** Hands the page one end of a channel. Returns false when there is no page to take it. */
  sendPort(message: PortMessage, port: MessagePortMain): boolean {
    const contents = this.contents();
    if (contents === null) return false;
    contents.postMessage(ipcChannels.port, message, [port]);
    return true;
  }

  private contents(): BrowserWindow['webContents'] | null {
    if (this.window === null || this.window.isDestroyed() || this.window.webContents.isCrashed()) return null;
    return this.window.webContents;
  }
}

/** Of a custom scheme `URL.origin` is "null" in Node; scheme and host say the same. */
function originOf(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return '';
  }
}

/** The place of a fault of ours, without its message: that may hold what must not be logged. */
function whereOf(error: unknown): string {
  const line =
    error instanceof Error ? error.stack?.split('\n').find((one) => one.trimStart().startsWith('at ')) : undefined;
  return line?.trim().slice(0, 200) ?? '';
}
