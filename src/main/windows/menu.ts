import { Menu } from 'electron';

/**
 * On macOS copy and paste work only through a menu's roles, with Command. Elsewhere there is no menu: Chromium edits text fields by itself, and a
 * menu's Ctrl shortcuts would take Ctrl+C and its like away from the terminal.
 */
export function setMenu(): void {
  if (process.platform !== 'darwin') {
    Menu.setApplicationMenu(null);
    return;
  }
  Menu.setApplicationMenu(Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]));
}
