import { enable, initialize } from '@electron/remote/main';
import { app, ipcMain, type WebContents } from 'electron';
import type { RemoteFacade } from '../about/remote-facade.ts';
import { mayAsk, mayLeave, remoteChannels } from '../about/remote-rules.ts';
import type { Log } from '../log.ts';

/** What @electron/remote tells the app and the page about a request; `defaultPrevented` is a plain field (it has no `preventDefault`). */
interface RemoteEvent {
  defaultPrevented: boolean;
  returnValue: unknown;
}
type Listener = (event: object, ...args: unknown[]) => void;

/**
 * @electron/remote for one page. Its listeners are taken off Electron's channels and stand behind ours: a message of another page or frame, or one that
 * is not among the named few (remote-rules.ts), never reaches the package; an answer that is more than plain text or a sealed object never leaves.
 */
export class RemoteGate {
  private contents: WebContents | null = null;
  private address = '';
  private facade: RemoteFacade | null = null;
  private readonly log: Log;

  /** Once per process: the package can be initialised once. */
  constructor(log: Log) {
    this.log = log;
    initialize();
    this.answerByFacade();
    for (const channel of remoteChannels) {
      const listeners = ipcMain.listeners(channel) as Listener[];
      ipcMain.removeAllListeners(channel);
      const [listener] = listeners;
      if (listener === undefined || listeners.length !== 1) {
        throw new Error(
          `@electron/remote has ${listeners.length} listeners on ${channel}: it is another version than the one that was read.`,
        );
      }
      ipcMain.on(channel, (event, ...args: unknown[]) => {
        const frame = event.senderFrame;
        const ours = this.contents !== null && event.sender === this.contents && !this.contents.isDestroyed();
        const known = ours && frame !== null && frame === event.sender.mainFrame && frame.url === this.address;
        event.returnValue = known && mayAsk(channel, args) ? this.pass(listener, event, args) : this.refuse(channel);
      });
    }
  }

  /** From now on `contents`, showing `address` and nothing else, may ask for what `facade` holds. The one before may not any more. */
  open(options: { contents: WebContents; address: string; facade: RemoteFacade }): void {
    const { contents } = options;
    this.contents = contents;
    this.address = options.address;
    this.facade = options.facade;
    enable(contents);
    contents.once('destroyed', () => {
      if (this.contents !== contents) return;
      this.contents = null;
      this.facade = null;
    });
  }

  /** Lets the package answer into a stand-in for Electron's event, and looks at what it says. */
  private pass(listener: Listener, event: Electron.IpcMainEvent, args: unknown[]): unknown {
    let answer: unknown = null;
    const stand = {
      sender: event.sender,
      frameId: event.frameId,
      processId: event.processId,
      set returnValue(value: unknown) {
        answer = value;
      },
    };
    listener(stand, ...args);
    return mayLeave(answer) ? answer : this.refuse('answer');
  }

  /** An exception in the package's own form; its client throws it. Says nothing of what is there and what is not. */
  private refuse(what: string): unknown {
    // A page that goes away lets go of everything when it is no page of ours any more: nothing to report.
    if (what !== 'REMOTE_BROWSER_CONTEXT_RELEASE') this.log('remote.refused', { what });
    return {
      type: 'exception',
      value: { type: 'error', value: new Error('This is not available here.'), members: [] },
    };
  }

  /** Below the gate: the package asks by events, and is told the facade or no. */
  private answerByFacade(): void {
    const events: NodeJS.EventEmitter = app;
    const answer =
      (find: (facade: RemoteFacade, name: string) => unknown) =>
      (event: RemoteEvent, contents: WebContents, name: unknown) => {
        event.defaultPrevented = true;
        if (contents !== this.contents || this.facade === null || typeof name !== 'string') return;
        event.returnValue = find(this.facade, name);
      };
    events.on(
      'remote-get-builtin',
      answer(({ builtins }, name) => own(builtins, name)),
    );
    events.on(
      'remote-get-global',
      answer(({ globals }, name) => own(globals, name)),
    );
    for (const name of ['remote-require', 'remote-get-current-window', 'remote-get-current-web-contents'])
      events.on(
        name,
        answer(() => undefined),
      );
  }
}

function own(table: Readonly<Record<string, object>>, name: string): object | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
