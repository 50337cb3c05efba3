import type { Backlog, SessionView } from '../../shared/protocol/ipc.ts';
import { type TrayItem, trayMenu } from './tray-menu.ts';

/** The icon itself: the desktop's, or a test's. */
export interface TrayIcon {
  show(menu: { items: TrayItem[]; tip: string }): void;
  dispose(): void;
}

export interface TrayOptions {
  /** Makes the icon. May throw: a desktop need not have a place for one. */
  make: () => TrayIcon;
  now?: () => number;
  log: (event: string) => void;
}

/** How often times in the menu are looked at. */
const lookMs = 15_000;

/** Keeps the icon beside the clock up to date while the person wants one. The menu is replaced only when a line of it is different, so that it does not close under the pointer. */
export class TrayControl {
  private icon: TrayIcon | null = null;
  private failed = false;
  private shown = '';
  private sessions: readonly SessionView[] = [];
  private backlog: Backlog = { recordings: 0, bytes: 0, lastProblem: null };
  private wanted = false;
  private readonly timer: NodeJS.Timeout;
  private readonly options: TrayOptions;

  constructor(options: TrayOptions) {
    this.options = options;
    this.timer = setInterval(() => this.draw(), lookMs);
    this.timer.unref();
  }

  update(change: { wanted?: boolean; sessions?: readonly SessionView[]; backlog?: Backlog }): void {
    this.wanted = change.wanted ?? this.wanted;
    this.sessions = change.sessions ?? this.sessions;
    this.backlog = change.backlog ?? this.backlog;
    this.draw();
  }

  dispose(): void {
    clearInterval(this.timer);
    this.remove();
  }

  private draw(): void {
    if (!this.wanted) {
      this.failed = false;
      this.remove();
      return;
    }
    if (this.failed) return;
    const menu = trayMenu({
      sessions: this.sessions,
      backlog: this.backlog,
      nowMs: (this.options.now ?? Date.now)(),
    });
    const text = JSON.stringify(menu);
    if (this.icon !== null && text === this.shown) return;
    try {
      this.icon ??= this.options.make();
      this.icon.show(menu);
      this.shown = text;
    } catch {
      // Without a place for it there is none; switching the setting off and on tries again.
      this.failed = true;
      this.options.log('tray.none');
      this.remove();
    }
  }

  private remove(): void {
    const { icon } = this;
    this.icon = null;
    this.shown = '';
    try {
      icon?.dispose();
    } catch {
      // It is gone either way.
    }
  }
}
