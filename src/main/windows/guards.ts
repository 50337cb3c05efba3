import { app, type Session, session } from 'electron';
import type { Log } from '../log.ts';
import type { DetachedWindows } from './detached-window.ts';

/**
 * What a page may never do, whatever is in it: navigate, open windows, embed webviews, get a permission or a device, download. Applies to every
 * page, also to ones that should not exist. The one exception: the launcher's own page may open the empty page that its detached sessions are drawn in.
 */
export function guardAllPages(log: Log, detached: DetachedWindows): void {
  app.on('web-contents-created', (_created, contents) => {
    const deny = (what: string) => (event: { preventDefault(): void }) => {
      event.preventDefault();
      log('page.denied', { what });
    };
    contents.on('will-navigate', (event) => {
      if (!detached.isFirstLoad(contents, event.url)) deny('navigation')(event);
    });
    contents.on('will-frame-navigate', (event) => {
      if (!event.isMainFrame || !detached.isFirstLoad(contents, event.url)) deny('frame navigation')(event);
    });
    contents.on('will-redirect', deny('redirect'));
    contents.on('will-attach-webview', deny('webview'));
    contents.setWindowOpenHandler(({ url }) => {
      const options = detached.allow(url, contents);
      if (options !== null) return { action: 'allow', outlivesOpener: false, overrideBrowserWindowOptions: options };
      log('page.denied', { what: 'window' });
      return { action: 'deny' };
    });
    contents.on('did-create-window', (window) => detached.add(window));
  });
}

/** Needs the app to be ready. */
export function denyPermissions(of: Session = session.defaultSession): void {
  of.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  of.setPermissionCheckHandler(() => false);
  of.setDevicePermissionHandler(() => false);
  of.on('will-download', (event) => event.preventDefault());
}
