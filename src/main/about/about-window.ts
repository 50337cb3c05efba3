import { BrowserWindow, session } from 'electron';
import type { RemoteGate } from '../ipc/remote-gate.ts';
import { aboutContentSecurityPolicy, appOrigin } from '../windows/app-files.ts';
import { serveAppFiles } from '../windows/app-protocol.ts';
import { denyPermissions } from '../windows/guards.ts';
import { type AboutFacts, makeFacade } from './remote-facade.ts';

const address = `${appOrigin}/about.html`;
/** In memory. Of its own, so that this page never shares a process, a cache or a storage with the launcher's. */
const partition = 'sallyport-about';

export interface AboutOptions {
  gate: RemoteGate;
  preload: string;
  /** The built page's folder. */
  root: string;
  icon: string;
  facts: () => AboutFacts;
  writeText: (text: string) => void;
  background: () => string;
}

/** The window with versions and licences: at most one, and the only one that has @electron/remote. It shows our own static page and has no session data. */
export class AboutWindow {
  private window: BrowserWindow | null = null;
  private served = false;
  private readonly options: AboutOptions;

  constructor(options: AboutOptions) {
    this.options = options;
  }

  open(): void {
    if (this.window !== null) {
      if (this.window.isMinimized()) this.window.restore();
      this.window.focus();
      return;
    }
    this.serve();
    const { gate, preload, icon, facts, writeText, background } = this.options;
    const window = new BrowserWindow({
      width: 720,
      height: 640,
      minWidth: 480,
      minHeight: 400,
      title: 'About Sallyport',
      show: false,
      fullscreenable: false,
      autoHideMenuBar: true,
      backgroundColor: background(),
      ...(icon === '' ? {} : { icon }),
      webPreferences: {
        partition,
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
        devTools: false,
        safeDialogs: true,
      },
    });
    this.window = window;
    window.on('closed', () => {
      this.window = null;
    });
    window.once('ready-to-show', () => window.show());
    // Whatever crashed it shall not run again by itself.
    window.webContents.on('render-process-gone', () => window.destroy());
    gate.open({ contents: window.webContents, address, facade: makeFacade(facts(), writeText) });
    window.loadURL(address).catch(() => {
      if (!window.isDestroyed()) window.destroy();
    });
  }

  close(): void {
    this.window?.destroy();
  }

  private serve(): void {
    if (this.served) return;
    this.served = true;
    const own = session.fromPartition(partition);
    denyPermissions(own);
    own.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !details.url.startsWith(`${appOrigin}/`) }));
    serveAppFiles(this.options.root, { protocol: own.protocol, policy: aboutContentSecurityPolicy });
  }
}
