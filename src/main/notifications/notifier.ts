import type { SessionView, Settings } from '../../shared/protocol/ipc.ts';
import { decideNotices, type Notice, type Seen } from './decide.ts';

/** What shows notices: the desktop, or a test. */
export interface NoticeDesktop {
  /** Whether one of our windows has the focus. */
  inFront(): boolean;
  /** `onClick` at most once. May throw: a desktop without notifications is no fault of ours. */
  show(notice: Notice, onClick: () => void): void;
}

/** How often the clock is looked at, for the time that is left. */
const lookMs = 10_000;

/** Tells the person what happens to sessions while they look elsewhere. */
export class Notifier {
  private seen: Seen = new Map();
  private sessions: readonly SessionView[] = [];
  private readonly timer: NodeJS.Timeout;
  private readonly options: {
    desktop: NoticeDesktop;
    notify: () => Settings['notify'];
    open: (session: string) => void;
    now?: () => number;
  };

  constructor(options: Notifier['options']) {
    this.options = options;
    this.timer = setInterval(() => this.look(), lookMs);
    this.timer.unref();
  }

  changed(sessions: readonly SessionView[]): void {
    this.sessions = sessions;
    this.look();
  }

  dispose(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const { desktop, notify, open, now } = this.options;
    const { notices, seen } = decideNotices({
      seen: this.seen,
      sessions: this.sessions,
      nowMs: (now ?? Date.now)(),
      notify: notify(),
      inFront: desktop.inFront(),
    });
    this.seen = seen;
    for (const notice of notices) {
      try {
        desktop.show(notice, () => open(notice.session));
      } catch {
        // The window says it all as well.
      }
    }
  }
}
