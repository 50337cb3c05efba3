import { app, Menu } from 'electron';
import { menuTemplate } from './menu-table.ts';

/**
 * On macOS copy and paste work only through a menu's roles, with Command, so there is a whole menu bar. Elsewhere there is none: Chromium edits text
 * fields by itself, and a menu's Ctrl shortcuts would take Ctrl+C and its like away from the terminal. The dock has the one thing that is wanted from
 * outside the window.
 */
export function setMenu(actions: { run: (command: string) => void; about: () => void }): void {
  if (process.platform !== 'darwin') {
    Menu.setApplicationMenu(null);
    return;
  }
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate({ name: app.name, ...actions })));
  app.dock?.setMenu(Menu.buildFromTemplate([{ label: 'New Session', click: () => actions.run('session.new') }]));
}
