import { app, session } from 'electron';
import type { Log } from '../log.ts';

/**
 * What a page may never do, whatever is in it: navigate, open windows, embed webviews, get a permission or a device, download. Applies to every
 * page, also to ones that should not exist.
 */
export function guardAllPages(log: Log): void {
  app.on('web-contents-created', (_created, contents) => {
    const deny = (what: string) => (event: { preventDefault(): void }) => {
      event.preventDefault();
      log('page.denied', { what });
    };
    contents.on('will-navigate', deny('navigation'));
    contents.on('will-frame-navigate', deny('frame navigation'));
    contents.on('will-redirect', deny('redirect'));
    contents.on('will-attach-webview', deny('webview'));
    contents.setWindowOpenHandler(() => {
      log('page.denied', { what: 'window' });
      return { action: 'deny' };
    });
  });
}

/** Needs the app to be ready. */
export function denyPermissions(): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  defaultSession.setPermissionCheckHandler(() => false);
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.on('will-download', (event) => event.preventDefault());
}
