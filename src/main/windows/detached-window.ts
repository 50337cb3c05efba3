import { existsSync } from 'node:fs';
import type { BrowserWindow, BrowserWindowConstructorOptions, WebContents } from 'electron';
import { appOrigin } from './app-files.ts';
import { type Area, isReachable } from './window-state.ts';

/** The empty page that detached sessions are drawn in, by the page that opened it. It holds no script and gets no bridge. */
export const detachedUrl = `${appOrigin}/popout.html`;

/** At most this many: each is a window that somebody wanted; more are a page gone wrong. */
export const mostDetached = 12;

/** Whether a page may open this address as a window: the main page that one, letter by letter, and nobody anything else. */
export function mayDetach(url: string, isMainPage: boolean): boolean {
  return isMainPage && url === detachedUrl;
}

/** The options of a detached window. Place and size come from the page that opens it. */
export function detachedOptions(icon: string, background: string): BrowserWindowConstructorOptions {
  return {
    title: 'Sallyport',
    minWidth: 480,
    minHeight: 300,
    show: true,
    // The system's frame: its buttons must work although the page has no way to ask for anything.
    frame: true,
    autoHideMenuBar: true,
    ...(existsSync(icon) ? { icon } : {}),
    backgroundColor: background,
    webPreferences: {
      // No preload: the page that opened it does all its work, and this one needs no bridge.
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
      // As in the main window: a terminal has to acknowledge what it drew although the window is covered.
      backgroundThrottling: false,
    },
  };
}

/** The windows of detached sessions. They belong to the main window's page and go with it. */
export class DetachedWindows {
  private readonly windows = new Set<BrowserWindow>();
  private main: WebContents | null = null;
  private readonly look: () => { icon: string; background: string };
  private readonly areas: () => Area[];

  /** `areas`: the screens' work areas, needed when a window has opened. */
  constructor(look: () => { icon: string; background: string }, areas: () => Area[]) {
    this.look = look;
    this.areas = areas;
  }

  /** From now on this window's page is the one that may open them. */
  setMain(window: BrowserWindow): void {
    this.main = window.webContents;
    // A page that is gone leaves nothing in them but a picture.
    this.main.on('render-process-gone', () => this.closeAll());
  }

  /** The options of the window that `opener` asks for; null: it may not. */
  allow(url: string, opener: WebContents): BrowserWindowConstructorOptions | null {
    if (!mayDetach(url, opener === this.main) || this.windows.size >= mostDetached) return null;
    const { icon, background } = this.look();
    return detachedOptions(icon, background);
  }

  /** Whether this is a detached window loading its page for the first time, which counts as a navigation of the page that opened it. */
  isFirstLoad(contents: WebContents, url: string): boolean {
    const opener = contents.opener;
    return url === detachedUrl && contents.getURL() === '' && opener !== null && opener === this.main?.mainFrame;
  }

  add(window: BrowserWindow): void {
    this.windows.add(window);
    window.setMenuBarVisibility(false);
    // Where it was left may be a screen that is gone.
    if (!isReachable(window.getBounds(), this.areas())) window.center();
    window.once('closed', () => this.windows.delete(window));
  }

  closeAll(): void {
    for (const window of [...this.windows]) window.destroy();
  }
}
