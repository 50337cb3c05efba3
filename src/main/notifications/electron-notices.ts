import { BrowserWindow, Notification } from 'electron';
import type { NoticeDesktop } from './notifier.ts';

/** Notices through the desktop's own notifications. */
export function electronNotices(): NoticeDesktop {
  // Held until clicked or closed: a notification that is collected no longer answers.
  const shown = new Set<Notification>();
  return {
    inFront: () => BrowserWindow.getFocusedWindow() !== null,
    show: ({ kind, title, body }, onClick) => {
      if (!Notification.isSupported()) return;
      const notification = new Notification({ title, body, urgency: kind === 'ended' ? 'normal' : 'critical' });
      shown.add(notification);
      notification.once('close', () => shown.delete(notification));
      notification.once('click', () => {
        shown.delete(notification);
        onClick();
      });
      notification.show();
    },
  };
}
