import { join } from 'node:path';
import { app } from 'electron';
import type { AppState, SessionView, Settings } from '../shared/protocol/ipc.ts';
import { AboutWindow } from './about/about-window.ts';
import type { AboutFacts } from './about/remote-facade.ts';
import { RemoteGate } from './ipc/remote-gate.ts';
import type { Log } from './log.ts';
import { electronNotices } from './notifications/electron-notices.ts';
import { Notifier } from './notifications/notifier.ts';
import { electronTray } from './tray/electron-tray.ts';
import { TrayControl } from './tray/tray.ts';
import { backgroundNow } from './windows/main-window.ts';
import { setMenu } from './windows/menu.ts';

export interface DesktopSideOptions {
  /** The folder of the built bundles. */
  built: string;
  icon: string;
  settings: () => Settings;
  facts: () => Pick<AboutFacts, 'device' | 'server' | 'organisation'>;
  /** Brings the launcher's window to the front. */
  showWindow: () => void;
  /** Asks the window for one of its commands; `session` is a tab's id. */
  command: (id: string, session: string | null) => void;
  writeText: (text: string) => void;
  log: Log;
}

/** What the launcher is on the desktop beside its window: menu, icon beside the clock, notifications, the window with the versions. */
export class DesktopSide {
  private readonly notifier: Notifier;
  private readonly tray: TrayControl;
  private readonly about: AboutWindow;

  /** Needs the app to be ready. Once per process. */
  constructor(options: DesktopSideOptions) {
    const { built, icon, log, showWindow } = options;
    // Windows shows notifications only of applications with a name of their own.
    if (process.platform === 'win32') app.setAppUserModelId('com.sallyport.launcher');
    const run = (id: string, session: string | null = null) => {
      showWindow();
      options.command(id, session);
    };
    this.about = new AboutWindow({
      gate: new RemoteGate(log),
      preload: join(built, 'about-preload.cjs'),
      root: join(built, '..', 'renderer', 'about_window'),
      icon,
      facts: () => ({ ...versions(), ...options.facts() }),
      writeText: options.writeText,
      background: backgroundNow,
    });
    this.notifier = new Notifier({
      desktop: electronNotices(),
      notify: () => options.settings().notify,
      open: (session) => run('session.show', session),
    });
    this.tray = new TrayControl({
      make: () =>
        electronTray({
          open: showWindow,
          newSession: () => run('session.new'),
          show: (session) => run('session.show', session),
          quit: () => {
            // The window is where the question is asked, when sessions run.
            showWindow();
            app.quit();
          },
        }),
      log,
    });
    this.tray.update({ wanted: options.settings().tray });
    setMenu({ run, about: () => this.about.open() });
  }

  openAbout(): void {
    this.about.open();
  }

  sessions(sessions: readonly SessionView[]): void {
    this.notifier.changed(sessions);
    this.tray.update({ sessions });
  }

  appState({ backlog }: AppState): void {
    this.tray.update({ backlog });
  }

  settingsChanged({ tray }: Settings): void {
    this.tray.update({ wanted: tray });
  }

  dispose(): void {
    this.notifier.dispose();
    this.tray.dispose();
    this.about.close();
  }
}

function versions(): Omit<AboutFacts, 'device' | 'server' | 'organisation'> {
  const { electron = '', chrome = '', node } = process.versions;
  return {
    name: app.getName(),
    version: app.getVersion(),
    electron,
    chrome,
    node,
    platform: process.platform,
    arch: process.arch,
  };
}
